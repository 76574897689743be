import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { isAwsAway, localCredentials } from '../platform/aws.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { DeadLetterStore } from './dead-letter-store.ts';

export interface S3DeadLetterOptions {
  readonly bucket: string;
  readonly region: string;
  /** Another endpoint than AWS's, such as a local server's. */
  readonly endpoint?: string | undefined;
}

/** Dead letters as objects of a bucket. */
export function createS3DeadLetters({ bucket, region, endpoint }: S3DeadLetterOptions): DeadLetterStore {
  const client = new S3Client({
    region,
    // A local server has no name for each bucket.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...localCredentials(endpoint),
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({ connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true }),
  });
  return {
    put: async (key, text) => {
      await callS3(() =>
        client.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(text), ContentType: 'application/json' }),
        ),
      );
    },
    get: async (key) => {
      try {
        const { Body } = await callS3(() => client.send(new GetObjectCommand({ Bucket: bucket, Key: key })));
        return await Body?.transformToString();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    remove: async (key) => {
      await callS3(() => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })));
    },
    list: async function* list(prefix) {
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        yield* Contents.flatMap(({ Key }) => Key ?? []);
      }
    },
  };
}

async function callS3<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw isAwsAway(error) ? new UnavailableError('dead_letters', error) : error;
  }
}
