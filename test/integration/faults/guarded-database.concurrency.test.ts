import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { guardDatabase } from '../../../shared/platform/guarded-database.ts';
import { createPostgres } from '../../../shared/platform/postgres.ts';
import { retryStatements } from '../../../shared/platform/retry-statements.ts';
import { silentTelemetry } from '../../../shared/platform/telemetry.ts';
import { type Gate, startGate } from '../../e2e/gate.ts';

const url = new URL(inject('postgresAdminUrl'));
let gate: Gate;
beforeAll(async () => {
  gate = await startGate(Number(url.port));
});
afterAll(() => gate.stop());

const ping = { name: 'ping', text: 'SELECT 1 AS one' };

test('a Postgres that says nothing is left alone after three time-outs, and is used again by itself', async () => {
  const changes: boolean[] = [];
  const throughGate = new URL(url);
  throughGate.port = String(gate.port);
  const database = guardDatabase(open(throughGate.href, { queryTimeoutMillis: 200, connectTimeoutMillis: 200 }), {
    onChange: (isOpen) => changes.push(isOpen),
  });
  expect(await database.rows(ping)).toEqual([{ one: 1 }]);
  gate.hold();
  for (let asked = 0; asked < 3; asked++) {
    expect(changes).toEqual([]);
    await expect(database.rows(ping)).rejects.toMatchObject({ dependency: 'postgres' });
  }
  expect(changes).toEqual([true]);
  await expect(database.rows(ping)).rejects.toMatchObject({ cause: { message: /is left alone/ } });
  await expect(database.transaction(() => Promise.resolve())).rejects.toMatchObject({
    cause: { message: /is left alone/ },
  });

  gate.open();
  await expect.poll(() => database.rows(ping).catch(() => []), { timeout: 5000 }).toEqual([{ one: 1 }]);
  expect(changes).toEqual([true, false]);
});

test('what Postgres refuses, and what the work of a transaction throws, opens nothing', async () => {
  const changes: boolean[] = [];
  const database = guardDatabase(open(url.href, { statementTimeoutMillis: 20 }), {
    onChange: (isOpen) => changes.push(isOpen),
  });
  for (let asked = 0; asked < 5; asked++) {
    await expect(database.rows({ name: 'slow', text: 'SELECT pg_sleep(5)' })).rejects.toMatchObject({
      dependency: 'postgres',
    });
    await expect(database.rows({ name: 'wrong', text: 'SELECT nothing' })).rejects.toThrow('nothing');
    await expect(database.transaction(() => Promise.reject(new Error('ours')))).rejects.toThrow('ours');
  }
  expect(await database.rows(ping)).toEqual([{ one: 1 }]);
  expect(changes).toEqual([]);
});

const endOwnConnection = { name: 'end', text: 'SELECT pg_terminate_backend(pg_backend_pid())' };

test('a read whose connection breaks is made again, but not more than ten times in an outage', async () => {
  const made = countStatements();
  const reader = retryStatements(open(url.href, { telemetry: made.telemetry }), { readsOnly: true });
  for (let asked = 1; asked <= 10; asked++) {
    await expect(reader.rows(endOwnConnection)).rejects.toMatchObject({ dependency: 'postgres' });
    expect(made.count()).toBe(2 * asked);
  }
  await expect(reader.rows(endOwnConnection)).rejects.toMatchObject({ dependency: 'postgres' });
  expect(made.count()).toBe(21);
});

test('a write whose connection breaks is not made again: it may have been done', async () => {
  const made = countStatements();
  const writer = retryStatements(open(url.href, { telemetry: made.telemetry }), { readsOnly: false });
  await expect(writer.rows(endOwnConnection)).rejects.toMatchObject({ dependency: 'postgres' });
  expect(made.count()).toBe(1);
});

test('a write that Postgres ended for a deadlock is made again', async () => {
  const admin = open(url.href, {});
  const table = `deadlock_${crypto.randomUUID().replaceAll('-', '')}`;
  await admin.script(`CREATE TABLE ${table} AS SELECT id, 0 AS value FROM generate_series(1, 2) AS id`);
  onTestFinished(() => admin.script(`DROP TABLE ${table}`));
  const writer = retryStatements(open(url.href, {}), { readsOnly: false });
  const add = (id: number) => `UPDATE ${table} SET value = value + 1 WHERE id = ${id}`;
  let writing: Promise<unknown> = Promise.resolve();
  await admin.transaction(async (transaction) => {
    await transaction.script(add(1));
    // Has the second row and waits for the first; whoever has waited a second is ended, which is this one.
    writing = writer.rows({
      name: 'add',
      text: `WITH second AS (${add(2)} RETURNING id) UPDATE ${table} SET value = value + 1 WHERE id = (SELECT id - 1 FROM second)`,
    });
    const waiting = {
      name: 'waiting',
      text: 'SELECT FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid',
    };
    await expect.poll(async () => (await transaction.rows(waiting)).length).toBe(1);
    await transaction.script(add(2));
  });
  await writing;
  expect(await admin.rows({ name: 'values', text: `SELECT value FROM ${table} ORDER BY id` })).toEqual([
    { value: 2 },
    { value: 2 },
  ]);
});

function open(
  address: string,
  options: Partial<Parameters<typeof createPostgres>[0]>,
): ReturnType<typeof createPostgres> {
  const database = createPostgres({ url: address, maxPool: 4, telemetry: silentTelemetry, ...options });
  onTestFinished(() => database.close());
  return database;
}

function countStatements() {
  let made = 0;
  const queryDone = (): void => {
    made++;
  };
  return { telemetry: { ...silentTelemetry, queryDone }, count: () => made };
}
