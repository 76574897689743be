import { expect, onTestFinished, test } from 'vitest';
import { createKinesisClient, createKinesisLog } from '../../../shared/delivery/index.ts';
import { createDynamoDb } from '../../../shared/platform/dynamodb.ts';
import { ensureTables } from '../../../shared/platform/dynamodb-tables.ts';
import { listTenants } from '../../../shared/tenancy/index.ts';
import { type Gate, startGate } from '../../e2e/gate.ts';
import { startDynalite } from '../../support/dynalite.ts';
import { freePort } from '../../support/free-port.ts';

const leftAlone = { cause: { message: /is left alone/ } };

test('a DynamoDB that does not answer is left alone after five calls, and is used again by itself', async () => {
  const server = await startDynalite();
  const port = await freePort();
  const dynamodb = createDynamoDb({ region: 'us-east-1', endpoint: `http://127.0.0.1:${port}`, tablePrefix: 'away-' });
  let gate: Gate | undefined;
  onTestFinished(async () => {
    dynamodb.client.destroy();
    await gate?.stop();
    await server.stop();
  });
  for (let called = 0; called < 5; called++) {
    await expect(listTenants({ dynamodb })).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  }
  await expect(listTenants({ dynamodb })).rejects.toMatchObject({ dependency: 'dynamodb', ...leftAlone });

  gate = await startGate(Number(new URL(server.url).port), port);
  await expect.poll(() => ensureTables(dynamodb).then(() => 'made', String), { timeout: 10_000 }).toBe('made');
  expect(await listTenants({ dynamodb })).toEqual([]);
});

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
