import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../support/feature-store.ts';
import { freePort } from '../support/free-port.ts';
import { type Gate, startGate } from './gate.ts';
import { faultsLogged, type LocalProcess, type RealStores, startLocal, startStores, until } from './local-process.ts';

let stores: RealStores;
let local: LocalProcess;
let gate: Gate | undefined;
beforeAll(async () => {
  stores = await startStores();
  const before = await startLocal(stores.settings, { args: ['--no-seed'] });
  const features = [{ name: 'score', dtype: 'int64' }];
  await before.post('/api/v1/feature-views', { name: 'scores', entity_type: 'user', features });
  expect((await before.ingest('scores', { u1: { score: 7 } })).status).toBe(200);
  await before.stop();
});
afterAll(async () => {
  await local?.stop();
  await gate?.stop();
  await stores?.stop();
});

test('a process that starts without any store serves what each makes possible as it comes', async () => {
  await Promise.all([stores.redis.kill(), stores.postgres.kill()]);
  const dynamoPort = await freePort();
  const settings = { ...stores.settings, AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${dynamoPort}` };
  local = await startLocal(settings, { args: ['--no-seed'] });
  expect((await local.request('GET', '/health')).status).toBe(200);
  expect(await missingParts()).toEqual(['postgres', 'cache', 'dynamodb']);
  expect((await read()).json).toMatchObject({ status: 503, code: 'unavailable' });

  gate = await startGate(Number(new URL(stores.dynalite.url).port), dynamoPort);
  await until('DynamoDB is there', 10_000, async () => (await missingParts()).join() === 'postgres,cache');
  await until('names are known', 10_000, async () => (await read()).json.views?.join() === 'scores');

  await stores.postgres.start();
  await until('Postgres is there', 10_000, async () => (await missingParts()).join() === 'cache');
  expect((await read()).json.features).toEqual({ score: 7 });
  await until(
    'rows are written',
    10_000,
    async () => (await local.ingest('scores', { u1: { score: 8 } })).status === 200,
  );
  expect((await read()).json.features).toEqual({ score: 8 });

  await stores.redis.start();
  await until('all is there', 10_000, async () => (await local.request('GET', '/health/ready')).status === 200);
  expect((await read()).json.features).toEqual({ score: 8 });
  expect(faultsLogged(local).filter((line) => !line.includes('is unavailable'))).toEqual([]);
});

function read(): Promise<Answer> {
  return local.read('u1', ['score']);
}

/** Those that `/health/ready` names as down. */
async function missingParts(): Promise<string[]> {
  const { json } = await local.request('GET', '/health/ready');
  return Object.keys(json.dependencies).filter((name) => json.dependencies[name].status === 'down');
}
