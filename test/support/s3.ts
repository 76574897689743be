import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';
import account from '@20minutes/s3rver/lib/models/account.js';

export interface S3Server {
  /** `http://127.0.0.1:port`, for `S3Client({ endpoint, forcePathStyle: true })` and the keys of shared/platform/aws.ts. */
  url: string;
  stop(): Promise<void>;
}

/** S3 in this process with one bucket, empty. It takes any signature (it reckons that of a list with an empty prefix wrongly), and knows no policies and no encryption. */
export async function startS3(bucket: string): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'feature-store-s3-'));
  account.DUMMY_ACCOUNT.createKeyPair('local', 'local');
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    allowMismatchedSignatures: true,
    directory: folder,
    configureBuckets: [{ name: bucket }],
  });
  const { port } = await server.run();
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
