import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Queryable } from '../../../shared/platform/database.ts';
import { createWorld, hour, start, type World } from '../semantics/semantics-setup.ts';
import { ask, expectAgreement, hoursOf, refresh } from './statistics-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

const month = 31 * 24 * hour;

interface Row {
  readonly eventMicros: number;
  readonly values: { readonly a: number };
}

async function write(view: string, rows: readonly Row[]): Promise<void> {
  await world.write(
    view,
    rows.map(({ eventMicros, values }, index) => [`e${index}`, eventMicros, values] as const),
  );
}

const rowsAt = (...micros: readonly number[]): Row[] =>
  micros.map((eventMicros, index) => ({ eventMicros, values: { a: index } }));

const changedHours = async (view: string): Promise<unknown> =>
  (
    await world.store.databases.admin.arrays({
      name: 'changed',
      text: `SELECT count(*)::int4 FROM feature_store.changed_hours WHERE view_table = '${view}_v1'`,
    })
  )[0]?.[0];

describe('refreshing at the same time', () => {
  test('four runs at once take turns, and the statistics are those of one', async () => {
    const view = await world.view(['a']);
    const rows = rowsAt(...Array.from({ length: 90 }, (_, index) => start - index * hour));
    await write(view, rows);
    const hours = await Promise.all(Array.from({ length: 4 }, () => refresh(world.store, view)));
    // More where one marks what another has just made: each looks at the rows of the last minute.
    expect(hours.reduce((total, made) => total + made, 0)).toBeGreaterThanOrEqual(90);
    await expectAgreement(world.store, view, rows);
    expect(await changedHours(view)).toBe(0);
  });

  test('rows that come while runs go on are in the statistics of the next run at the latest', async () => {
    const view = await world.view(['a']);
    const rows: Row[] = [];
    let isWriting = true;
    const runs = Array.from({ length: 3 }, async () => {
      while (isWriting) await refresh(world.store, view);
    });
    for (let round = 0; round < 25; round++) {
      const sent = rowsAt(start - (round % 7) * hour, start - (round % 11) * hour);
      await write(view, sent);
      rows.push(...sent);
    }
    isWriting = false;
    await Promise.all(runs);
    await refresh(world.store, view);
    await expectAgreement(world.store, view, rows);
  });

  test('neither writers nor readers wait for a run, and registering goes on', async () => {
    const view = await world.view(['a']);
    const rows = rowsAt(start - hour);
    await write(view, rows);
    await stopped(view, `LOCK TABLE ${tableOf(view)}_h1_0 IN SHARE MODE`, async () => {
      await write(view, rows);
      expect(await hoursOf(world.store, view, 'a')).toEqual([]);
      expect((await world.asOf('e0', `${view}:a`, start))[0]).toBe('PRESENT');
      await world.view(['a']);
      return 'goes on';
    });
    await refresh(world.store, view);
    await expectAgreement(world.store, view, [...rows, ...rows]);
  });
});

describe('a run that is killed', () => {
  test('while it marks hours leaves nothing', async () => {
    const view = await world.view(['a']);
    const rows = rowsAt(start - hour, start - month);
    await write(view, rows);
    await stopped(view, 'LOCK TABLE feature_store.changed_hours IN SHARE MODE', () => Promise.resolve('is killed'));
    expect(await changedHours(view)).toBe(0);
    expect(await refresh(world.store, view)).toBe(2);
    await expectAgreement(world.store, view, rows.slice(0, 1));
  });

  test('after marking, while it makes the first hours, leaves all hours marked', async () => {
    const view = await world.view(['a']);
    await write(view, rowsAt(start - hour, start - month));
    await stopped(view, `LOCK TABLE ${tableOf(view)}_h1_0 IN SHARE MODE`, () => Promise.resolve('is killed'));
    expect(await changedHours(view)).toBe(2);
    await makeMinutesPass(view);
    expect(await refresh(world.store, view)).toBe(2);
    expect(await hoursOf(world.store, view, 'a')).toMatchObject([{ count: 1 }]);
  });

  test('between two months has made the first, and the next run goes on with the second', async () => {
    const view = await world.view(['a']);
    const rows = rowsAt(start - hour, start - 2 * hour, start - month);
    await write(view, rows);
    // Another transaction has written the later month's hour: making it waits, the earlier month's does not.
    const hold = `INSERT INTO ${tableOf(view)}_h1_0 (hour, newest_event_time)
                  VALUES (to_timestamp(${(start - 2 * hour) / 1e6}), now())`;
    await stopped(view, hold, () => Promise.resolve('is killed'));
    expect(await changedHours(view)).toBe(2);
    expect(await storedHours(view)).toBe(1);
    await makeMinutesPass(view);
    expect(await refresh(world.store, view)).toBe(2);
    await expectAgreement(world.store, view, rows.slice(0, 2));
    expect(await storedHours(view)).toBe(3);
  });

  test('between groups of features leaves neither with the hour', async () => {
    const names = Array.from({ length: 101 }, (_, index) => `f${index}`);
    const view = await world.view(names);
    await world.write(view, [['u', start - hour, { f0: 1, f100: 2 }]]);
    await stopped(view, `LOCK TABLE ${tableOf(view)}_h1_1 IN SHARE MODE`, () => Promise.resolve('is killed'));
    expect(await hoursOf(world.store, view, 'f0')).toEqual([]);
    await makeMinutesPass(view);
    expect(await refresh(world.store, view)).toBe(1);
    expect(await hoursOf(world.store, view, 'f0')).toMatchObject([{ min: 1 }]);
    expect(await hoursOf(world.store, view, 'f100')).toMatchObject([{ min: 2 }]);
  });
});

test('the route says which view cannot be read while Postgres is away', async () => {
  const away = await createWorld({ cache: 'memory' });
  const view = await away.view(['a']);
  await away.store.databases.reader.close();
  const answer = await ask(away.store, view, 'a');
  expect(answer.json).toMatchObject({ status: 503, code: 'unavailable', views: [view] });
  expect(answer.headers.get('retry-after')).toBe('1');
  const { admin, owner, writer } = away.store.databases;
  await Promise.all([admin, owner, writer].map((database) => database.close()));
});

const tableOf = (view: string): string => `${world.store.tenant.ctx.tenantId}.${view}_v1`;

async function storedHours(view: string): Promise<unknown> {
  const text = `SELECT count(*)::int4 FROM ${tableOf(view)}_h1_0`;
  return (await world.store.databases.admin.arrays({ name: 'stored', text }))[0]?.[0];
}

/** What was recorded is not of the last minute any more, which would be looked at again. */
async function makeMinutesPass(view: string): Promise<void> {
  await world.store.databases.admin.script(
    `UPDATE feature_store.maintained SET statistics_through = now() WHERE view_table = '${view}_v1'`,
  );
}

/**
 * Starts a run that waits at what another transaction holds, does something meanwhile, and then kills the run, or lets it
 * go on where that is what was done.
 */
async function stopped(view: string, hold: string, meanwhile: () => Promise<'is killed' | 'goes on'>): Promise<void> {
  const { admin } = world.store.databases;
  const hasEnded = Promise.withResolvers<void>();
  const isHeld = Promise.withResolvers<void>();
  const holding = admin
    .transaction(async (transaction) => {
      await transaction.script(hold);
      isHeld.resolve();
      await hasEnded.promise;
      throw new Error('rolled back');
    })
    .catch((error: Error) => error.message);
  await isHeld.promise;
  const run = refresh(world.store, view).then(
    () => 'goes on',
    () => 'is killed',
  );
  const pid = await vi.waitFor(() => waitingSession(admin), { timeout: 10_000 });
  const expected = await meanwhile();
  if (expected === 'is killed') {
    await admin.rows({ name: 'kill', text: 'SELECT pg_terminate_backend($1::int4)', values: [pid] });
    expect(await run).toBe('is killed');
  }
  hasEnded.resolve();
  expect(await holding).toBe('rolled back');
  expect(await run).toBe(expected);
}

/** The owner's session that waits for a lock. */
async function waitingSession(query: Queryable): Promise<number> {
  const [found] = await query.rows<{ pid: number }>({
    name: 'waiting',
    text: `SELECT pid::int4 AS pid FROM pg_stat_activity
           WHERE datname = current_database() AND usename = 'feature_store_owner' AND wait_event_type = 'Lock'`,
  });
  if (found === undefined) throw new Error('nobody waits');
  return found.pid;
}
