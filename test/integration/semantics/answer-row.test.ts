import { expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { appendRows, createEnsurePartitions } from '../../../shared/values/index.ts';
import { describeEachCache, hour, recordedRows, second, start, type World } from './semantics-setup.ts';

/** Section 1, rules 1 and 2: which row answers. */
describeEachCache('The answer row', (world) => {
  test('candidates are rows with event_time <= t, inclusive: a row is seen at its very microsecond', async () => {
    const { view, write, asOf, online, clock } = world();
    const name = await view(['a']);
    const event = start - hour + 1;
    await write(name, [['u', event, { a: 1 }]]);
    expect(await asOf('u', `${name}:a`, event - 1)).toEqual(['NOT_FOUND', null]);
    expect(await asOf('u', `${name}:a`, event)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, event + 1)).toEqual(['PRESENT', 1]);
    for (const [at, said] of [[event, ['PRESENT', 1]] as const, [event - 1, ['NOT_FOUND', null]] as const]) {
      clock.set(at);
      expect(await online('u', `${name}:a`)).toEqual(said);
    }
  });

  test('candidates are rows with recorded_at <= k, inclusive: a row is known at the very microsecond it was recorded', async () => {
    const { view, write, asOf } = world();
    const name = await view(['a']);
    await write(name, [['u', start - hour, { a: 1 }]]);
    const [row] = await recordedRows(world(), name);
    const recorded = row?.recordedMicros ?? 0;
    expect(await asOf('u', `${name}:a`, start, formatMicros(recorded))).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, start, formatMicros(recorded - 1))).toEqual(['NOT_FOUND', null]);
  });

  test('known_at limits nothing by default', async () => {
    const { view, write, asOf } = world();
    const name = await view(['a']);
    await write(name, [['u', start - hour, { a: 1 }]]);
    await backdate(world(), name, "+ interval '1 day'");
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, start, '2255-01-01')).toEqual(['PRESENT', 1]);
  });

  test('a row of the next seconds is accepted and seen by no read before its time', async () => {
    const { view, write, asOf, online, clock } = world();
    const name = await view(['a']);
    const feature = `${name}:a`;
    await write(name, [['u', start - hour, { a: 1 }]]);
    expect(await online('u', feature)).toEqual(['PRESENT', 1]);
    const coming = start + 60 * second;
    await write(name, [
      ['u', coming, { a: 2 }],
      ['new', coming, { a: 3 }],
    ]);
    for (const at of [start, coming - 1]) {
      clock.set(at);
      expect(await online('u', feature)).toEqual(['PRESENT', 1]);
      expect(await online('new', feature)).toEqual(['NOT_FOUND', null]);
      expect(await asOf('u', feature, at)).toEqual(['PRESENT', 1]);
      expect(await asOf('new', feature, at)).toEqual(['NOT_FOUND', null]);
    }
    clock.set(coming);
    expect(await online('u', feature)).toEqual(['PRESENT', 2]);
    expect(await online('new', feature)).toEqual(['PRESENT', 3]);
    expect(await asOf('u', feature, coming)).toEqual(['PRESENT', 2]);
  });

  test('a correction of the present is seen while a row of the next seconds waits', async () => {
    const { view, write, online, clock } = world();
    const name = await view(['a']);
    await write(name, [['u', start + 10 * second, { a: 9 }]]);
    await write(name, [['u', start - 2, { a: 1 }]]);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 1]);
    await write(name, [['u', start - 1, { a: 2 }]]);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 2]);
    clock.set(start + 10 * second);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 9]);
  });

  test('the answer row is the one with the greatest (event_time, created_at), in whatever order rows were sent', async () => {
    const { view, write, asOf, online, clock } = world();
    const name = await view(['a']);
    for (const [event, arrival, a] of [
      [start - 20, start + 3, 1],
      [start - 10, start + 2, 2],
      [start - 10, start + 1, 3],
      [start - 30, start + 9, 4],
    ] as const) {
      clock.arriveAt(arrival);
      await write(name, [['u', event, { a }]]);
      clock.set(start + 10);
      const newest = a === 1 ? 1 : 2;
      expect(await online('u', `${name}:a`)).toEqual(['PRESENT', newest]);
    }
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 2]);
    expect(await asOf('u', `${name}:a`, start - 11)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, start - 21)).toEqual(['PRESENT', 4]);
  });

  test('one row at most, always: what is null in it is not taken from an older row', async () => {
    const { view, write, asOf, online } = world();
    const name = await view(['a', 'b']);
    await write(name, [
      ['u', start - 2, { a: 1, b: 1 }],
      ['u', start - 1, { a: 2 }],
    ]);
    expect(await online('u', `${name}:b`)).toEqual(['NULL_VALUE', null]);
    expect(await asOf('u', `${name}:b`, start)).toEqual(['NULL_VALUE', null]);
    expect(await asOf('u', `${name}:b`, start - 2)).toEqual(['PRESENT', 1]);
  });

  test('two rows with the same event_time: the later created_at wins', async () => {
    const { view, write, asOf, online, clock } = world();
    const name = await view(['a']);
    const event = start - hour;
    clock.arriveAt(start + 2);
    await write(name, [['u', event, { a: 2 }]]);
    clock.arriveAt(start + 1);
    await write(name, [['u', event, { a: 1 }]]);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 2]);
    expect(await asOf('u', `${name}:a`, event)).toEqual(['PRESENT', 2]);
    clock.arriveAt(start + 3);
    await write(name, [['u', event, { a: 3 }]]);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 3]);
    expect(await asOf('u', `${name}:a`, event)).toEqual(['PRESENT', 3]);
  });

  test('a newer event_time beats a newer created_at', async () => {
    const { view, write, asOf, online, clock } = world();
    const name = await view(['a']);
    clock.arriveAt(start + 1);
    await write(name, [['u', start - 1, { a: 1 }]]);
    clock.arriveAt(start + 2);
    await write(name, [['u', start - 2, { a: 2 }]]);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 1]);
  });

  test('the same event_time and created_at as a stored row is a redelivery: the stored one stays, replayed by Idempotency-Key', async () => {
    const { view, write, asOf, online, clock } = world();
    const name = await view(['a']);
    const event = start - hour;
    const replay = { headers: { 'idempotency-key': `replay-${name}` } };
    await write(name, [['u', event, { a: 1 }]], replay);
    await write(name, [['u', event, { a: 2 }]]);
    clock.set(start + 23 * hour);
    await write(name, [['u', event, { a: 1 }]], replay);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 2]);
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 2]);
    expect(await recordedRows(world(), name)).toHaveLength(2);
  });

  test('a redelivery with other values changes neither the row, nor latest, nor what is recorded', async () => {
    const { view, write, asOf, online, clock, store } = world();
    const name = await view(['a']);
    const event = start - hour;
    clock.arriveAt(start + 1);
    await write(name, [['u', event, { a: 1 }]]);
    const before = await recordedRows(world(), name);
    clock.arriveAt(start + 1);
    await write(name, [['u', event, { a: 2 }]]);
    const appended = await appendDirectly(world(), name, { entityId: 'u', event, created: start + 1, a: '3' });
    expect(appended).toEqual({ pendingId: undefined, newest: [], hasLeftOver: false });
    expect(await recordedRows(world(), name)).toEqual(before);
    expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 1]);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 1]);
    await store.request('DELETE', '/api/v1/cache/invalidate/u');
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 1]);
  });

  test('the same event_time twice within one request: the later in the request stands, a replay gives the same, both count as accepted', async () => {
    const { view, write, asOf, online } = world();
    const name = await view(['a', 'b']);
    const event = start - hour;
    const replay = { headers: { 'idempotency-key': `twice-${name}` } };
    const rows = [
      ['u', event, { a: 1, b: 1 }],
      ['v', event, { a: 5 }],
      ['u', formatMicros(event).replace('Z', '+00:00'), { a: 2 }],
    ] as const;
    for (const _ of ['first', 'replayed']) {
      await write(name, rows, replay);
      expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 2]);
      expect(await online('u', `${name}:b`)).toEqual(['NULL_VALUE', null]);
      expect(await asOf('u', `${name}:a`, start)).toEqual(['PRESENT', 2]);
      expect(await asOf('u', `${name}:b`, start)).toEqual(['NULL_VALUE', null]);
      expect(await recordedRows(world(), name)).toHaveLength(2);
    }
  });

  test('a refused row later in the request replaces nothing', async () => {
    const { view, ingest, online } = world();
    const name = await view(['a']);
    const answer = await ingest(name, [
      ['u', start - 1, { a: 1 }],
      ['u', start - 1, { a: 'x' }],
    ]);
    expect(answer.json).toMatchObject({ accepted: 1, rejected: [{ index: 1, code: 'wrong_type' }] });
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 1]);
  });

  test('writing an older row late never changes the online answer, and does change the point-in-time answer', async () => {
    const { view, write, asOf, online, store } = world();
    const name = await view(['a']);
    const feature = `${name}:a`;
    await write(name, [['u', start - hour, { a: 2 }]]);
    const [before] = [await asOf('u', feature, start - hour - 1)];
    await write(name, [['u', start - 2 * hour, { a: 1 }]]);
    expect(before).toEqual(['NOT_FOUND', null]);
    expect(await asOf('u', feature, start - hour - 1)).toEqual(['PRESENT', 1]);
    expect(await online('u', feature)).toEqual(['PRESENT', 2]);
    await store.request('DELETE', '/api/v1/cache/invalidate/u');
    expect(await online('u', feature)).toEqual(['PRESENT', 2]);
  });

  test('a row without known_at asked again later may differ (a correction arrived), with a known_at older than 10 s it never does', async () => {
    const { view, write, asOf } = world();
    const name = await view(['a']);
    const feature = `${name}:a`;
    await write(name, [['u', start - hour, { a: 1 }]]);
    await backdate(world(), name, "- interval '11 seconds'");
    const [row] = await recordedRows(world(), name);
    const knownAt = formatMicros((row?.recordedMicros ?? 0) + 1);
    expect(await asOf('u', feature, start)).toEqual(['PRESENT', 1]);
    expect(await asOf('u', feature, start, knownAt)).toEqual(['PRESENT', 1]);
    for (const event of [start - hour, start - hour + 1, start - 2 * hour]) {
      await write(name, [['u', event, { a: 2 }]]);
      expect(await asOf('u', feature, start)).toEqual(['PRESENT', 2]);
      expect(await asOf('u', feature, start, knownAt)).toEqual(['PRESENT', 1]);
      expect(await asOf('u', feature, start - hour - 1, knownAt)).toEqual(['NOT_FOUND', null]);
    }
  });

  test('recorded_at is set by the database as it inserts the row, whatever the clock of the process says', async () => {
    const { view, write, clock, store } = world();
    const name = await view(['a']);
    const now = async () => {
      const text = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::float8';
      return Number((await store.databases.admin.arrays({ name: 'now', text }))[0]?.[0]);
    };
    const before = await now();
    clock.set(start + 100 * hour);
    await write(name, [['u', start, { a: 1 }]]);
    const [row] = await recordedRows(world(), name);
    expect(row?.recordedMicros).toBeGreaterThanOrEqual(before);
    expect(row?.recordedMicros).toBeLessThanOrEqual(await now());
  });
});

async function backdate({ store }: World, view: string, by: string): Promise<void> {
  await store.databases.admin.script(
    `UPDATE ${store.tenant.ctx.tenantId}.${view}_v1 SET recorded_at = recorded_at ${by}`,
  );
}

/** As a second delivery by another process would write: past the judging of rows, with values of its own. */
async function appendDirectly(
  { store }: World,
  view: string,
  row: { entityId: string; event: number; created: number; a: string },
) {
  const { ctx } = store.tenant;
  const version = (await store.core.registries.current(ctx)).view(view);
  const database = store.databases.writer;
  return appendRows({ database, ensurePartitions: createEnsurePartitions(database) }, ctx, version, {
    entityIds: [row.entityId],
    eventMicros: [row.event],
    createdMicros: [row.created],
    payloads: [`[${row.event},${row.created},1,${row.a}]`],
    columns: [[row.a]],
  });
}
