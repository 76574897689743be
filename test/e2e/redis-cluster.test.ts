import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DynaliteServer, startDynalite } from '../support/dynalite.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { faultsLogged, type LocalProcess, startLocal, until } from './local-process.ts';

let postgres: PostgresServer;
let cluster: RedisCluster;
let dynalite: DynaliteServer;
let local: LocalProcess;
beforeAll(async () => {
  [postgres, cluster, dynalite] = await Promise.all([startPostgres(), startRedisCluster(), startDynalite()]);
  local = await startLocal(
    { POSTGRES_URL: postgres.url, REDIS_URL: cluster.url, AWS_ENDPOINT_URL_DYNAMODB: dynalite.url },
    { args: ['--no-seed'] },
  );
});
afterAll(async () => {
  await local?.stop();
  await Promise.all([postgres?.stop(), cluster?.stop(), dynalite?.stop()]);
});

test('on a Redis cluster rows of many entities are written, cached on all nodes and read without Postgres', async () => {
  const registered = await local.post('/api/v1/feature-views', {
    name: 'profile',
    entity_type: 'user',
    features: [{ name: 'age', dtype: 'int64' }],
  });
  expect(registered.status, registered.text).toBe(201);
  const entity_ids = Array.from({ length: 300 }, (_, index) => `user_${index}`);
  const written = await local.ingest('profile', Object.fromEntries(entity_ids.map((id, age) => [id, { age }])));
  expect(written.json).toEqual({ accepted: 300, rejected: [] });
  const readAll = () => local.post('/api/v1/features/online', { entity_ids, feature_names: ['age'] });
  const values = entity_ids.map((_, age) => [age]);
  const valuesOf = ({ json }: Awaited<ReturnType<typeof readAll>>) =>
    json.rows.map((row: { values: unknown[] }) => row.values);
  expect(valuesOf(await readAll())).toEqual(values);

  await postgres.kill();
  expect(valuesOf(await readAll())).toEqual(values);
  await postgres.start();

  await cluster.nodes[0]?.kill();
  const withoutNode = await readAll();
  expect(withoutNode.status, withoutNode.text).toBe(200);
  expect(valuesOf(withoutNode)).toEqual(values);
  const rewritten = await local.ingest(
    'profile',
    Object.fromEntries(entity_ids.map((id, age) => [id, { age: age + 1 }])),
  );
  expect(rewritten.json).toEqual({ accepted: 300, rejected: [] });
  const newer = entity_ids.map((_, age) => [age + 1]);
  await until('every row is the newer one', 2500, async () => {
    const answer = await readAll();
    expect(answer.status, answer.text).toBe(200);
    return JSON.stringify(valuesOf(answer)) === JSON.stringify(newer);
  });
  expect(faultsLogged(local)).toEqual([]);
});
