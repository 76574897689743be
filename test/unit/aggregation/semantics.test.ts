import { describe, expect, test } from 'vitest';
import {
  type Aggregation,
  createTile,
  decodeTile,
  encodeTile,
  foldEvents,
  headStart,
  readWindows,
  rollUp,
  rollUpStart,
  selectFeatures,
  selectLifetimes,
} from '../../../shared/aggregation/index.ts';
import {
  countedEvent,
  day,
  event,
  hour,
  midnight,
  minute,
  planOf,
  readAll,
  second,
  tilesOf,
  valuesAsOf,
} from './samples.ts';

const count: Aggregation = { function: 'count', window: '24h' };
const nothing = { value: null, status: 'NOT_FOUND', eventMicros: null };

describe('the events that count', () => {
  test('start inclusive, end exclusive: an event at exactly q is not in the window, one at its start is', () => {
    const q = midnight + 12 * hour;
    for (const [eventMicros, expected] of [
      [q, 0],
      [q - 1, 1],
      [q - day, 1],
      [q - day - 1, 0],
    ] as const) {
      expect(valuesAsOf([count], [event(eventMicros)], q)).toEqual([expected]);
    }
  });

  test('begin at floor((q - w) / h) * h, so up to a hop before q - w', () => {
    const q = midnight + 12 * hour + 30 * minute;
    expect(valuesAsOf([count], [event(midnight - 12 * hour)], q)).toEqual([1]);
    expect(valuesAsOf([count], [event(midnight - 12 * hour - 1)], q)).toEqual([0]);
  });

  test('a label event joined at its own time does not see itself', () => {
    const label = event(midnight + 5, { amount: 7 });
    const features: Aggregation[] = ['15m', '24h', undefined].map((window) => ({
      function: 'last',
      field: 'amount',
      window,
    }));
    const before = event(midnight + 4, { amount: 3 });
    expect(valuesAsOf(features, [before, label], label.eventMicros)).toEqual([3, 3, 3]);
    expect(valuesAsOf(features, [label], label.eventMicros)).toEqual([null, null, null]);
  });

  test('several windows on one aggregation are independent', () => {
    const q = midnight + 30 * day;
    const ages = [minute, 30 * minute, 10 * hour, 5 * day, 29 * day, 100 * day];
    const windows = ['15m', '1h', '24h', '7d', '30d', undefined];
    const events = ages.map((age, place) => event(q - age, { amount: 10 ** place }));
    const sums: Aggregation[] = windows.map((window) => ({ function: 'sum', field: 'amount', window }));
    expect(valuesAsOf(sums, events, q)).toEqual([1, 11, 111, 1111, 11111, 111111]);
    for (const [place, sum] of sums.entries())
      expect(valuesAsOf([sum], events, q)).toEqual([Number('1'.repeat(place + 1))]);
  });

  test('a lifetime window counts everything before q', () => {
    const events = [event(0), event(midnight - 1), event(midnight)];
    expect(valuesAsOf([{ function: 'count' }], events, midnight)).toEqual([2]);
  });

  test('late events count from the moment they are committed', () => {
    const plan = planOf([count, { function: 'last', field: 'amount', window: '24h' }]);
    const punctual = [event(midnight - hour, { amount: 1 }), event(midnight - 1, { amount: 2 })];
    const late = event(midnight - 30 * minute, { amount: 3 });
    expect(readAll(plan, [punctual], midnight).map(({ value }) => value)).toEqual([2, 2]);
    expect(readAll(plan, [punctual, [late]], midnight).map(({ value }) => value)).toEqual([3, 2]);
  });
});

describe('values', () => {
  const functions: Aggregation[] = [
    ...(['sum', 'avg', 'min', 'max', 'variance', 'stddev', 'first', 'last'] as const).map((name) => ({
      function: name,
      field: 'amount',
    })),
    ...(['first_k', 'last_k', 'top_k'] as const).map((name) => ({ function: name, field: 'amount', k: 3 })),
    { function: 'percentile', field: 'amount', p: 0.5 },
  ];
  const counts: Aggregation[] = [
    { function: 'count' },
    { function: 'count', field: 'amount' },
    { function: 'count_distinct', field: 'amount' },
  ];

  test('no events in the window: null, except count and count_distinct, which are 0', () => {
    expect(readAll(planOf(functions), [], midnight)).toEqual(functions.map(() => nothing));
    expect(readAll(planOf(counts), [], midnight)).toEqual(
      counts.map(() => ({ ...nothing, value: 0, status: 'PRESENT' })),
    );
  });

  test('nulls are ignored: only nulls are null, and count without a field counts events, with one its non-nulls', () => {
    const nulls = [event(midnight - 2, { amount: null }), event(midnight - 1)];
    const status = { status: 'NULL_VALUE', eventMicros: midnight - 1 };
    expect(readAll(planOf(functions), [nulls], midnight)).toEqual(functions.map(() => ({ value: null, ...status })));
    expect(valuesAsOf(counts, nulls, midnight)).toEqual([2, 0, 0]);
    const some = [...nulls, event(midnight - 3, { amount: 4 }), event(midnight - 4, { amount: 8 })];
    expect(valuesAsOf(functions, some, midnight)).toEqual([12, 6, 4, 8, 4, 2, 8, 4, [8, 4], [8, 4], [4, 8], 6]);
    expect(valuesAsOf(counts, some, midnight)).toEqual([4, 2, 2]);
  });

  test('first and last are by event time, then event id, and event ids compare byte for byte', () => {
    const ids = ['10', '9', 'Z', 'a', 'é', 'ﬁ', '𝄞'];
    const events = ids.toReversed().map((id) => event(midnight - 1, { text: id }, id));
    const of = (name: 'first' | 'last'): Aggregation[] => [
      { function: name, field: 'text' },
      { function: `${name}_k`, field: 'text', k: 3 },
    ];
    expect(valuesAsOf(of('first'), events, midnight)).toEqual(['10', ['10', '9', 'Z']]);
    expect(valuesAsOf(of('last'), events, midnight)).toEqual(['𝄞', ['é', 'ﬁ', '𝄞']]);
    const older = event(midnight - 2, { text: 'older' }, 'zzz');
    expect(valuesAsOf(of('first'), [...events, older], midnight)).toEqual(['older', ['older', '10', '9']]);
  });

  test('first_k and last_k are in the order of time, and as many as there are', () => {
    const events = [3, 1, 2].map((place) => event(midnight - 4 + place, { small: place }));
    const of = (name: 'first_k' | 'last_k', k: number): Aggregation => ({ function: name, field: 'small', k });
    const asked = [of('first_k', 2), of('last_k', 2), of('first_k', 9), of('last_k', 9)];
    expect(valuesAsOf(asked, events, midnight)).toEqual([
      [1, 2],
      [2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  test('min and max tell integers apart that are one as doubles', () => {
    const given = ['9223372036854775806', '9223372036854775807', '9223372036854775805'];
    const events = given.map((quantity, place) => event(midnight - 3 + place, { quantity }));
    const asked = (['min', 'max'] as const).map((name): Aggregation => ({ function: name, field: 'quantity' }));
    for (const order of [events, events.toReversed()]) {
      expect(valuesAsOf(asked, order, midnight)).toEqual(['9223372036854775805', '9223372036854775807']);
      const batches = order.map((each) => [each]);
      expect(readAll(planOf(asked), batches, midnight).map(({ value }) => value)).toEqual(
        valuesAsOf(asked, order, midnight),
      );
    }
  });

  test('min, max, first and last are as the field writes them', () => {
    const of = (name: 'min' | 'max' | 'last', field: string): Aggregation => ({ function: name, field });
    const events = [
      event(midnight - 2, {
        flag: true,
        at: '2026-01-01T00:00:00.123Z',
        quantity: '9223372036854775807',
        body: { a: [1] },
      }),
      event(midnight - 1, { flag: false, at: '2026-01-01T00:00:00.123456Z', quantity: 1, body: [] }),
    ];
    const asked = [
      of('min', 'flag'),
      of('max', 'flag'),
      of('min', 'at'),
      of('max', 'at'),
      of('max', 'quantity'),
      of('last', 'body'),
    ];
    expect(valuesAsOf(asked, events, midnight)).toEqual([
      false,
      true,
      '2026-01-01T00:00:00.123Z',
      '2026-01-01T00:00:00.123456Z',
      '9223372036854775807',
      [],
    ]);
  });
});

describe('the status of a window feature', () => {
  const plan = planOf([
    { function: 'count', window: '1h' },
    { function: 'sum', field: 'amount', window: '1h' },
  ]);

  test('a value, 0 too, is PRESENT; its event time is that of the newest counted event, whether or not its field is null', () => {
    const events = [event(midnight - 2, { amount: 0 }), event(midnight - 1, { amount: null }), event(midnight)];
    const eventMicros = midnight - 1;
    expect(readAll(plan, [events], midnight)).toEqual([
      { value: 2, status: 'PRESENT', eventMicros },
      { value: 0, status: 'PRESENT', eventMicros },
    ]);
  });

  test('no event in the window is NOT_FOUND, though there are others; a count is 0 and PRESENT', () => {
    expect(readAll(plan, [[event(midnight - day), event(midnight)]], midnight)).toEqual([
      { value: 0, status: 'PRESENT', eventMicros: null },
      nothing,
    ]);
  });

  test('a sum that its dtype cannot hold is NULL_VALUE', () => {
    const sum = planOf([{ function: 'sum', field: 'quantity' }]);
    const events = [event(midnight - 2, { quantity: '9223372036854775807' }), event(midnight - 1, { quantity: 1 })];
    expect(readAll(sum, [events], midnight)).toEqual([
      { value: null, status: 'NULL_VALUE', eventMicros: midnight - 1 },
    ]);
  });
});

describe('a read within a hop', () => {
  const features: Aggregation[] = ['15m', '6h', '24h', undefined].map((window) => ({
    function: 'sum',
    field: 'amount',
    window,
  }));
  const plan = planOf(features);
  const selection = selectFeatures(plan);
  const q = midnight + 90 * second;

  test('needs no events while those of the hop are all before q: the tile as a whole counts', () => {
    const tiles = tilesOf(plan, [[event(q - 1, { amount: 1 }), event(q - hour, { amount: 2 })]]);
    expect(headStart({ plan, selection, tiles, asOfMicros: q })).toBe(undefined);
    const answers = readWindows({ plan, selection, tiles, asOfMicros: q });
    expect(answers.map(({ value }) => value)).toEqual([1, 3, 3, 3]);
  });

  test('takes the events themselves where the hop holds some of the next 60 s, or q is past', () => {
    const events = [
      event(q - 1, { amount: 1 }),
      event(q, { amount: 10 }),
      event(q + 60 * second, { amount: 100 }),
      event(midnight, { amount: 1000 }),
    ];
    const read = { plan, selection, tiles: tilesOf(plan, [events]), asOfMicros: q };
    // The hour's slot begins first.
    expect(headStart(read)).toBe(midnight);
    const headEvents = events.map((each) => countedEvent(plan, each));
    expect(readWindows({ ...read, headEvents }).map(({ value }) => value)).toEqual([1001, 1001, 1001, 1001]);
    expect(() => readWindows(read)).toThrow('the events from headStart on');
  });

  test('asks for the events of no more than what the selected windows cut', () => {
    const events = [event(q - 1), event(q + 1)];
    const read = { plan, tiles: tilesOf(plan, [events]), asOfMicros: q };
    expect(headStart({ ...read, selection: selectFeatures(plan, [0]) })).toBe(midnight + minute);
    expect(headStart({ ...read, selection: selectFeatures(plan, []) })).toBe(undefined);
  });
});

describe('what a lifetime window holds from before the retention of its source', () => {
  const plan = planOf([
    { function: 'count' },
    { function: 'stddev', field: 'amount' },
    { function: 'first', field: 'text' },
    { function: 'count', window: '24h' },
    { function: 'count_distinct', field: 'text', window: '24h' },
  ]);
  const events = [-900, -800, -3, -2, -1].map((hours) =>
    event(midnight + hours * hour + 5, { amount: hours, text: `text ${hours}` }),
  );
  const read = { plan, selection: selectFeatures(plan), asOfMicros: midnight };

  test('counts always: the tiles that go are rolled up into one', () => {
    const tiles = foldEvents(
      plan,
      events.map((each) => countedEvent(plan, each)),
    );
    const expected = readWindows({ ...read, tiles });
    const rolled = createTile(plan, rollUpStart);
    for (const tile of tiles.slice(0, 3)) rollUp(plan, selectLifetimes(plan), rolled, tile);
    const kept = decodeTile(plan, rollUpStart, encodeTile(plan, rolled));
    const answers = readWindows({ ...read, tiles: [kept, ...tiles.slice(3)] });
    expect(answers.slice(0, 3)).toEqual(expected.slice(0, 3));
    expect(answers[3]).toMatchObject({ value: 2 });
    // Of the other windows nothing is kept.
    expect(encodeTile(plan, rolled).sketches).not.toContain('text -800');
    expect(answers[0]).toMatchObject({ value: 5, eventMicros: midnight - hour + 5 });
  });

  test('is refused as of a time within it, since it cannot be told', () => {
    const rolled = createTile(plan, rollUpStart);
    for (const tile of tilesOf(plan, [events])) rollUp(plan, selectLifetimes(plan), rolled, tile);
    const past = { ...read, tiles: [rolled], asOfMicros: midnight - 100 * hour, headEvents: [] };
    expect(() => readWindows(past)).toThrow('as of a time within it');
  });
});
