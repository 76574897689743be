import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { CreateStreamCommand, DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { createKinesisClient } from '../../shared/delivery/index.ts';
import type { Environment } from '../../shared/platform/environment.ts';
import { StartError } from './start-error.ts';

export interface LocalKinesis {
  readonly client: KinesisClient;
  /** Streams that are there when this resolves. Throws StartError. */
  ensureStreams(names: readonly string[]): Promise<void>;
  readonly described: string;
  close(): Promise<void>;
}

/** Milliseconds that a Kinesis may take to answer: kinesis-local takes 2 to 4 s to start. */
const patienceMillis = 30_000;

/**
 * Kinesis: at the address that is set, else kinesis-local in a thread of this process, which ends with it. It keeps nothing:
 * what was written and not folded yet goes with it.
 */
export async function openKinesis({
  AWS_REGION: region,
  AWS_ENDPOINT_URL_KINESIS: address,
}: Pick<Environment, 'AWS_REGION' | 'AWS_ENDPOINT_URL_KINESIS'>): Promise<LocalKinesis> {
  const local = address === undefined ? await startKinesisLocal() : undefined;
  const client = createKinesisClient({ region, endpoint: address ?? local?.endpoint });
  return {
    client,
    ensureStreams: async (names) => {
      for (const name of new Set(names)) await ensureStream(client, name);
    },
    described: address === undefined ? 'kinesis-local' : 'AWS_ENDPOINT_URL_KINESIS',
    close: async () => {
      client.destroy();
      await local?.stop();
    },
  };
}

async function startKinesisLocal(): Promise<{ endpoint: string; stop(): Promise<unknown> }> {
  const { resolve } = createRequire(import.meta.url);
  const port = await freePort();
  const worker = new Worker(new URL('kinesis-worker.ts', import.meta.url), {
    env: {
      KINESIS_MOCK_PLAIN_PORT: String(port),
      // Any: its other port, for TLS.
      KINESIS_MOCK_TLS_PORT: '0',
      KINESIS_MOCK_CERT_PATH: resolve('kinesis-local/server.json'),
      CREATE_STREAM_DURATION: '0ms',
      LOG_LEVEL: 'ERROR',
    },
    stdout: true,
    stderr: true,
  });
  // Whatever ends it, the next call to it says that it is away.
  worker.on('error', () => {});
  return { endpoint: `http://127.0.0.1:${port}`, stop: () => worker.terminate() };
}

async function ensureStream(client: KinesisClient, name: string): Promise<void> {
  const latest = Date.now() + patienceMillis;
  for (;;) {
    try {
      const { StreamDescriptionSummary: stream } = await client.send(
        new DescribeStreamSummaryCommand({ StreamName: name }),
      );
      if (stream?.StreamStatus === 'ACTIVE' || stream?.StreamStatus === 'UPDATING') return;
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') {
        await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: 1 }));
      } else if (Date.now() > latest) {
        throw new StartError(`AWS_ENDPOINT_URL_KINESIS: no Kinesis answers there.`, error);
      }
    }
    await sleep(50);
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port is free'));
      });
    });
  });
}
