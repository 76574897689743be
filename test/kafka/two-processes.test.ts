import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Gate, startGate } from '../e2e/gate.ts';
import {
  faultsLogged,
  type LocalProcess,
  type RealStores,
  startLocal,
  startStores,
  until,
} from '../e2e/local-process.ts';
import { bodyOf, expectWindowsOf, makeClicks, registerClickWindows, type SentClick } from './click-windows.ts';
import { brokers, committedOffsets, createTopic, membersOf, produce } from './kafka-setup.ts';

const partitions = [0, 1, 2, 3];
const raw = 't_developmento.clicks_events';

let stores: RealStores;
let admin: pg.Pool;
let survivor: LocalProcess;
let doomed: LocalProcess;
let gate: Gate;
let topic: string;
let group: string;
/** Of the process that is going to be killed. */
let ofDoomed: readonly number[];

beforeEach(async () => {
  stores = await startStores();
  admin = new pg.Pool({ connectionString: stores.postgres.url, max: 2 });
  gate = await startGate(stores.redis.port);
  topic = await createTopic(partitions.length);
  const settings = {
    ...stores.settings,
    KAFKA_BROKERS: brokers,
    KAFKA_GROUP: 'two-processes',
    STREAM_BINDINGS: JSON.stringify([{ topic, tenant: 'tenant1', source: 'clicks' }]),
  };
  group = `two-processes.${topic}`;
  survivor = await startLocal(settings, { args: ['--no-seed'] });
  await registerClickWindows(survivor.post);
  await until('the survivor reads all', 20_000, async () => (await membersOf(group)).size === 1);
  const [survivorId = ''] = (await membersOf(group)).keys();
  const throughGate = { REDIS_URL: `redis://127.0.0.1:${gate.port}`, CACHE_TIMEOUT_MS: '60000' };
  doomed = await startLocal({ ...settings, ...throughGate }, { args: ['--no-seed'] });
  await until('each reads two partitions', 30_000, async () => {
    const members = await membersOf(group);
    ofDoomed = [...members].flatMap(([id, owned]) => (id === survivorId ? [] : owned));
    return members.size === 2 && ofDoomed.length === 2 && [...members.values()].every(({ length }) => length === 2);
  });
});
afterEach(async () => {
  await doomed?.child.end('SIGKILL');
  await survivor?.stop();
  await gate?.stop();
  await admin?.end();
  await stores?.stop();
});

test('events of a process that is killed after its commit in Postgres, and before that in Kafka, are counted once', async () => {
  const first = makeClicks(400, partitions);
  await send(first);
  await untilAllCommitted(first);

  gate.hold();
  const second = makeClicks(400, partitions);
  await send(second);
  // It hangs between its commit and the cache: the group does not know that it is done.
  await until('a batch of it is in Postgres', 20_000, async () => (await storedOf(second, ofDoomed)) > 0);
  await doomed.child.end('SIGKILL');
  expect(await committedOf(ofDoomed)).toEqual(endsOf(first, ofDoomed));

  await untilAllCommitted([...first, ...second]);
  await expectCountedOnce([...first, ...second]);
});

test('events of a process that is killed before its commit in Postgres are counted once, by the other', async () => {
  const first = makeClicks(400, partitions);
  await send(first);
  await untilAllCommitted(first);

  const second = makeClicks(400, partitions);
  const [victim] = second.filter(({ partition }) => ofDoomed.includes(partition));
  const blocker = await admin.connect();
  try {
    // Whoever inserts the same id waits for the end of this transaction, in the middle of its own.
    await blocker.query('BEGIN');
    const { rows } = await blocker.query('SELECT pg_backend_pid() AS pid');
    await blocker.query(`INSERT INTO t_developmento.clicks_seen (event_id, received_at) VALUES ($1, now())`, [
      victim?.eventId,
    ]);
    await send(second);
    await until('it waits within its transaction', 20_000, async () => (await waitingFor(rows[0].pid)) === 1);
    await doomed.child.end('SIGKILL');
    expect(await storedOf(second, ofDoomed)).toBe(0);
    expect(await committedOf(ofDoomed)).toEqual(endsOf(first, ofDoomed));
  } finally {
    await blocker.query('ROLLBACK');
    blocker.release();
  }
  await untilAllCommitted([...first, ...second]);
  await expectCountedOnce([...first, ...second]);
});

test('a process that is stopped finishes its batch and hands its partitions over at once', async () => {
  const first = makeClicks(2000, partitions);
  await send(first);
  await doomed.stop();
  // A member that only vanishes would be missed after ten seconds.
  expect((await membersOf(group)).size).toBe(1);
  const second = makeClicks(400, partitions);
  await send(second);
  await untilAllCommitted([...first, ...second]);
  await expectCountedOnce([...first, ...second]);
  expect(faultsLogged(doomed)).toEqual([]);
});

function send(clicks: readonly SentClick[]): Promise<void> {
  return produce(
    topic,
    clicks.map((click) => ({ partition: click.partition, key: click.user, body: bodyOf(click) })),
  );
}

async function untilAllCommitted(sent: readonly SentClick[]): Promise<void> {
  await until('all are known as done', 40_000, async () => {
    const expected = endsOf(sent, partitions);
    const known = await committedOf(partitions);
    return partitions.every((_, place) => known[place] === expected[place]);
  });
}

function endsOf(sent: readonly SentClick[], of: readonly number[]): number[] {
  return of.map((number) => sent.filter(({ partition }) => partition === number).length);
}

async function committedOf(of: readonly number[]): Promise<(number | undefined)[]> {
  const known = await committedOffsets(topic, group);
  return of.map((partition) => known[partition]);
}

async function storedOf(sent: readonly SentClick[], of: readonly number[]): Promise<number> {
  const ids = sent.filter(({ partition }) => of.includes(partition)).map(({ eventId }) => eventId);
  const { rows } = await admin.query(`SELECT count(*)::int AS stored FROM ${raw} WHERE event_id = ANY($1)`, [ids]);
  return rows[0].stored;
}

/** Sessions that wait for this one. */
async function waitingFor(pid: number): Promise<number> {
  const { rows } = await admin.query(
    'SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))',
    [pid],
  );
  return rows[0].waiting;
}

async function expectCountedOnce(sent: readonly SentClick[]): Promise<void> {
  const { rows } = await admin.query(`SELECT event_id FROM ${raw} ORDER BY event_id`);
  expect(rows.map(({ event_id }) => event_id)).toEqual(sent.map(({ eventId }) => eventId).sort());
  await expectWindowsOf(survivor.post, sent);
  expect(faultsLogged(survivor)).toEqual([]);
}
