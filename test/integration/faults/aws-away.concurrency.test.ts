import { expect, onTestFinished, test } from 'vitest';
import { createKinesisClient, createKinesisLog } from '../../../shared/delivery/index.ts';
import type { DynamoDbOptions } from '../../../shared/platform/dynamodb.ts';
import { ensureTables } from '../../../shared/platform/dynamodb-tables.ts';
import { createDynamoDb } from '../../../shared/platform/sdk-dynamodb.ts';
import { createSignedDynamoDb } from '../../../shared/platform/signed-dynamodb.ts';
import { findTenant } from '../../../shared/tenancy/index.ts';
import { type Gate, startGate } from '../../e2e/gate.ts';
import { startDynalite } from '../../support/dynalite.ts';
import { freePort } from '../../support/free-port.ts';

const leftAlone = { cause: { message: /is left alone/ } };

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

test.each([
  ['the SDK', createDynamoDb],
  ['signed requests', (options: DynamoDbOptions) => createSignedDynamoDb({ ...options, credentials })],
])(
  'a DynamoDB that does not answer is left alone after five calls by %s, and is used again by itself',
  async (_, open) => {
    const server = await startDynalite();
    const port = await freePort();
    const options = { region: 'us-east-1', tablePrefix: 'away-' };
    const there = createDynamoDb({ ...options, endpoint: server.url });
    await ensureTables(there);
    const dynamodb = open({ ...options, endpoint: `http://127.0.0.1:${port}` });
    let gate: Gate | undefined;
    onTestFinished(async () => {
      there.client.destroy();
      await gate?.stop();
      await server.stop();
    });
    const find = () => findTenant({ dynamodb }, 'nobody');
    for (let called = 0; called < 5; called++) {
      await expect(find()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    }
    await expect(find()).rejects.toMatchObject({ dependency: 'dynamodb', ...leftAlone });

    gate = await startGate(Number(new URL(server.url).port), port);
    await expect.poll(() => find().then(() => 'answered', String), { timeout: 10_000 }).toBe('answered');
  },
);

test('a Kinesis that does not answer is left alone after three calls', async () => {
  const client = createKinesisClient({ region: 'us-east-1', endpoint: `http://127.0.0.1:${await freePort()}` });
  onTestFinished(() => client.destroy());
  const log = createKinesisLog(client, 'none');
  const append = (): Promise<void> => log.append([{ partitionKey: 'one', data: Buffer.from('{}') }]);
  for (let called = 0; called < 3; called++) {
    await expect(append()).rejects.toMatchObject({ dependency: 'kinesis', cause: { code: 'ECONNREFUSED' } });
  }
  await expect(append()).rejects.toMatchObject({ dependency: 'kinesis', ...leftAlone });
});
