import { afterAll, beforeAll, expect, test } from 'vitest';
import { dtypes } from '../../../shared/contract/dtypes.ts';
import { registryLimits } from '../../../shared/contract/limits.ts';
import { streamSourceRoutes } from '../../../shared/contract/stream-sources.ts';
import { rawTable, seenTable } from '../../../shared/events/index.ts';
import { createFeatureStore, type TestFeatureStore } from '../../support/feature-store.ts';
import { answerOf } from '../http/answer-of.ts';
import { purchases, sourcesPath, spend, viewsPath } from './streams-setup.ts';

let store: TestFeatureStore;
beforeAll(async () => {
  store = await createFeatureStore();
});
afterAll(() => store.close());

const register = async (status: number, body: unknown) =>
  answerOf(streamSourceRoutes.registerSource, status, await store.post(sourcesPath, body));
const read = async (name: string) =>
  answerOf(streamSourceRoutes.getSource, 200, await store.get(`${sourcesPath}/${name}`));

const columnsOf = async (table: string): Promise<string[]> => {
  const columns = await store.databases.admin.rows<{ column: string }>({
    name: 'columns',
    text: `SELECT attname || ' ' || format_type(atttypid, atttypmod) AS column FROM pg_attribute
           WHERE attrelid = $1::text::regclass AND attnum > 0 ORDER BY attnum`,
    values: [`${store.tenant.ctx.tenantId}.${table}`],
  });
  return columns.map(({ column }) => column);
};

test('a source is registered with its defaults, again without a change, described and extended', async () => {
  const first = await register(201, purchases);
  expect(first).toEqual({
    ...purchases,
    revision: 1,
    retention_days: 90,
    dedupe_days: 7,
    description: '',
    tags: [],
    owner: null,
    created_at: expect.any(String),
    updated_at: first.created_at,
  });
  expect(Object.keys(first.schema)).toEqual(Object.keys(purchases.schema));
  expect(await register(200, purchases)).toEqual(first);
  expect(await read('purchases')).toEqual(first);

  const described = { ...purchases, description: 'naïve 数据', tags: ['core'], owner: 'growth', dedupe_days: 30 };
  const members = { description: 'naïve 数据', tags: ['core'], owner: 'growth', dedupe_days: 30, revision: 1 };
  expect(await register(200, described)).toMatchObject(members);
  const schema = { coupon: 'string', ...purchases.schema };
  const extended = await register(201, { ...described, schema });
  expect(extended).toMatchObject({ ...members, revision: 2 });
  expect(Object.keys(extended.schema)).toEqual([...Object.keys(purchases.schema), 'coupon']);
  expect(await read('purchases')).toEqual(extended);
  expect(await columnsOf(rawTable('purchases'))).toEqual([
    'event_id text',
    'event_time timestamp with time zone',
    'created_at timestamp with time zone',
    'recorded_at timestamp with time zone',
    '_epoch integer',
    'purchase_id text',
    'user_id text',
    'shop integer',
    'amount double precision',
    'country text',
    'bought_at timestamp with time zone',
    'note jsonb',
    'coupon text',
  ]);
  expect(await columnsOf(seenTable('purchases'))).toEqual(['event_id text', 'received_at timestamp with time zone']);

  const refused = await store.post(sourcesPath, { ...purchases, event_id: null });
  expect(refused.json).toMatchObject({
    status: 409,
    code: 'version_conflict',
    differences: ['event_id is purchase_id, not null', 'field coupon is missing'],
  });
  expect(await read('purchases')).toEqual(extended);
});

test('a source has fields of every dtype, of the longest names, and may call its event time and id just that', async () => {
  const name = 'x'.repeat(48);
  const fields = Object.fromEntries(dtypes.map((dtype, index) => [`f${index}`.padEnd(48, 'y'), dtype]));
  const schema = { event_id: 'int64', ...fields, event_time: 'timestamp', Order: 'string', select: 'string' };
  await register(201, { name, schema, event_time: 'event_time', event_id: 'event_id' });
  expect(await columnsOf(rawTable(name))).toHaveLength(5 + dtypes.length + 2);
  const month = `SELECT feature_store.ensure_partitions($1, $2, ARRAY['2026-06-01']::date[])::text`;
  await store.databases.writer.rows({
    name: 'ensure',
    text: month,
    values: [store.tenant.ctx.tenantId, rawTable(name)],
  });
  const table = `${store.tenant.ctx.tenantId}.${rawTable(name)}`;
  await store.databases.writer.rows({
    name: 'insert',
    text: `INSERT INTO ${table} (event_id, event_time, created_at, "Order") VALUES ('1', '2026-06-15', now(), 'o')`,
  });
  const rows = await store.databases.reader.rows({
    name: 'read',
    text: `SELECT "Order", f0yyyyy IS NULL FROM
    (SELECT "Order", ${'f0'.padEnd(48, 'y')} AS f0yyyyy FROM ${table}) AS event`,
  });
  expect(rows).toHaveLength(1);
});

test('a retry at the same time as the first registers once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => store.post(sourcesPath, { ...purchases, name: 'raced' })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
});

test('the retention is not cut below what a view counts', async () => {
  await register(201, { ...purchases, name: 'kept' });
  expect((await store.post(viewsPath, { ...spend, name: 'kept_spend', source: 'kept' })).status).toBe(201);
  const answer = await store.post(sourcesPath, { ...purchases, name: 'kept', retention_days: 6 });
  const differences = ['kept_spend@1:countries counts 7d, longer than 6 days'];
  expect(answer.json).toMatchObject({ code: 'version_conflict', differences });
  await register(200, { ...purchases, name: 'kept', retention_days: 7 });
});

test('sources are listed by name in pages, up to the most that a tenant has', async () => {
  const tenant = await store.createTenant();
  const { sourcesOfTenant } = registryLimits;
  const names = Array.from({ length: sourcesOfTenant }, (_, index) => `s_${String(index).padStart(3, '0')}`);
  const schema = { at: 'timestamp' };
  for (const name of names.toReversed()) {
    const answer = await store.post(sourcesPath, { name, schema, event_time: 'at' }, { key: tenant.key });
    expect(answer.status, answer.text).toBe(201);
  }
  const more = { name: 'one_more', schema, event_time: 'at' };
  const refused = await store.post(sourcesPath, more, { key: tenant.key });
  expect(refused.json).toMatchObject({
    code: 'invalid_request',
    detail: expect.stringContaining('100 stream sources'),
  });

  const walked: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const answer = await store.get(`${sourcesPath}?limit=40${page}`, { key: tenant.key });
    const { stream_sources, next_cursor } = answerOf(streamSourceRoutes.listSources, 200, answer);
    walked.push(...stream_sources.map(({ name }: { name: string }) => name));
    cursor = next_cursor;
  }
  expect(walked).toEqual(names);
});
