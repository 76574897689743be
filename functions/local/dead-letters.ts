import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderDeadLetters, createS3DeadLetters, type DeadLetterStore } from '../../shared/delivery/index.ts';
import type { Environment } from '../../shared/platform/environment.ts';

/** Where this process keeps dead letters: the bucket that is set, else a folder beside the embedded stores. */
export function openDeadLetters(
  { DEAD_LETTER_BUCKET: bucket, AWS_REGION: region, AWS_ENDPOINT_URL_S3: endpoint }: Environment,
  folder: string | undefined,
): DeadLetterStore {
  if (bucket !== undefined) return createS3DeadLetters({ bucket, region, endpoint });
  // Also without a folder they outlive the process: somebody may want to know what was in them.
  return createFolderDeadLetters(join(folder ?? join(tmpdir(), `feature-store-${process.pid}`), 'dead-letters'));
}
