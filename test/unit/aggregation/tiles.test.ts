import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Aggregation,
  createTile,
  decodeTile,
  encodeState,
  encodeTile,
  firstTileStart,
  foldByEntity,
  foldEvents,
  type JsonValue,
  mergeTile,
  readWindows,
  selectFeatures,
  tileStart,
} from '../../../shared/aggregation/index.ts';
import { countedEvent, day, event, hour, midnight, minute, planOf, second, tilesOf } from './samples.ts';

const every: Aggregation[] = [
  ...['15m', '1h', '24h', undefined].flatMap((window): Aggregation[] => [
    { function: 'count', window },
    { function: 'stddev', field: 'amount', window },
    { function: 'max', field: 'quantity', window },
    { function: 'last_k', field: 'text', window, k: 3 },
    { function: 'first', field: 'body', window },
    { function: 'min', field: 'text', window },
    { function: 'count_distinct', field: 'text', window },
    { function: 'top_k', field: 'text', window, k: 3 },
    { function: 'percentile', field: 'amount', window, p: 0.9 },
  ]),
];
const plan = planOf(every);

const values = fc.record({
  amount: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  quantity: fc.option(
    fc.constantFrom<JsonValue>(0, -5, 9007199254740991, '9223372036854775807', '-9223372036854775808'),
  ),
  text: fc.option(fc.string({ unit: 'grapheme' })),
  body: fc.option(fc.constantFrom<JsonValue>({ a: [1, null] }, [], [[]], '', 0, false)),
});
const stream = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 * hour - 1 }), values), { maxLength: 40 });
const eventsOf = (given: readonly [number, Record<string, JsonValue>][]) =>
  given.map(([offset, each]) => countedEvent(plan, event(midnight + offset, each)));

describe('an encoded tile', () => {
  test('is text that JSON keeps, and comes back exactly', () => {
    fc.assert(
      fc.property(stream, (given) => {
        for (const tile of foldEvents(plan, eventsOf(given))) {
          const encoded = encodeTile(plan, tile);
          expect(JSON.parse(JSON.stringify(encoded))).toEqual(encoded);
          expect(decodeTile(plan, tile.startMicros, encoded)).toEqual(tile);
        }
      }),
    );
  });

  test('keeps counts and times of every size', () => {
    const counts = planOf([{ function: 'count', window: '1h' }]);
    for (const count of [1, 250, 251, 252, 255, 256, 65_536]) {
      const events = Array.from({ length: count }, (_, index) => ({
        eventMicros: midnight + index,
        eventId: String(index),
        values: [],
      }));
      const [tile = createTile(counts, midnight)] = foldEvents(counts, events);
      const again = decodeTile(counts, midnight, encodeTile(counts, tile));
      expect(again.groups[0]?.numbers).toEqual([0, count, midnight + count - 1]);
    }
  });

  test('of sketches and of sums beyond doubles comes back exactly too', () => {
    const many = Array.from({ length: 2500 }, (_, index) =>
      event(midnight + index * second, { amount: (index - 1000) * 1e300, text: `text ${index}` }),
    );
    for (const tile of foldEvents(
      plan,
      many.map((each) => countedEvent(plan, each)),
    )) {
      const encoded = encodeTile(plan, tile);
      const again = decodeTile(plan, tile.startMicros, encoded);
      expect(again).toEqual(tile);
      expect(encodeTile(plan, again)).toEqual(encoded);
    }
  });

  test('takes 53 characters for a slot of count, sum, min and max of cents, and no sketches', () => {
    const numbers = planOf(
      (['count', 'sum', 'avg', 'min', 'max'] as const).map((name) => ({
        function: name,
        field: 'amount',
        window: '24h',
      })),
    );
    const events = [12.34, 250, 0.05].map((amount, place) =>
      countedEvent(numbers, event(midnight + place * second, { amount })),
    );
    const [tile = createTile(numbers, midnight)] = foldEvents(numbers, events);
    const { state, sketches } = encodeTile(numbers, tile);
    expect(state.length).toBeLessThanOrEqual(60);
    expect(sketches).toBe(null);
  });

  test('keeps every partial within its bound', () => {
    const bounds: [Aggregation, (index: number) => JsonValue, number][] = [
      [{ function: 'count_distinct', field: 'text' }, (index) => 'é'.repeat(1000) + index, 1000 * 46 + 20],
      [{ function: 'top_k', field: 'quantity', k: 3 }, (index) => String(9e18 + index), 1000 * (22 + 17) + 20],
      [
        { function: 'percentile', field: 'amount', p: 0.5 },
        (index) => -1.2345678901e-300 * (index + 1 / 3),
        1000 * 25 + 20,
      ],
      [{ function: 'last_k', field: 'small', k: 100 }, (index) => index, 100 * (20 + 22 + 12)],
      [{ function: 'min', field: 'text' }, (index) => String(index), 20],
    ];
    for (const [aggregation, sample, bound] of bounds) {
      const one = planOf([aggregation]);
      for (const count of [1000, 3000]) {
        const events = Array.from({ length: count }, (_, index) =>
          event(midnight, { [aggregation.field ?? '']: sample(index) }),
        );
        const [tile] = tilesOf(one, [events]);
        const size = tile && encodeTile(one, tile).sketches?.length;
        expect(size, JSON.stringify(aggregation)).toBeLessThanOrEqual(bound);
      }
    }
  });

  test('of a view of another shape is a fault', () => {
    const other = planOf([{ function: 'sum', field: 'amount', window: '24h' }]);
    const [tile = createTile(plan, midnight)] = foldEvents(plan, eventsOf([[0, { amount: 1 }]]));
    const encoded = encodeTile(plan, tile);
    expect(() => decodeTile(other, midnight, encoded)).toThrow('the shape of its plan');
    expect(() => decodeTile(plan, midnight, encodeTile(other, createTile(other, midnight)))).toThrow('the shape');
    expect(() => decodeTile(plan, midnight, { ...encoded, sketches: null })).toThrow('sketches');
    expect(() => decodeTile(plan, midnight, { ...encoded, sketches: '[[[[1]]]]' })).toThrow('the shape');
    expect(() => decodeTile(plan, midnight, { ...encoded, state: encoded.state.slice(0, 40) })).toThrow('the shape');
  });
});

describe('a merge', () => {
  test('of hours into a day answers the same', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 0, max: 3 * hour }), (given, offset) => {
        const tiles = foldEvents(plan, eventsOf(given));
        const packed = createTile(plan, midnight);
        for (const tile of tiles) mergeTile(plan, packed, tile);
        const read = {
          plan,
          selection: selectFeatures(plan),
          asOfMicros: midnight + offset,
          headEvents: eventsOf(given),
        };
        expect(readWindows({ ...read, tiles: [packed] })).toEqual(readWindows({ ...read, tiles }));
      }),
    );
  });

  test('leaves the other tile as it was', () => {
    fc.assert(
      fc.property(stream, stream, (given, more) => {
        const delta = foldEvents(plan, eventsOf(more));
        const before = delta.map((tile) => encodeTile(plan, tile));
        const packed = createTile(plan, midnight);
        for (const tile of [...delta, ...foldEvents(plan, eventsOf(given))]) mergeTile(plan, packed, tile);
        expect(delta.map((tile) => encodeTile(plan, tile))).toEqual(before);
      }),
    );
  });

  test('says whether the sketches have changed', () => {
    const distinct = planOf([
      { function: 'count_distinct', field: 'text', window: '24h' },
      { function: 'sum', field: 'amount', window: '24h' },
    ]);
    const tileOf = (text: string | null) => {
      const [tile = createTile(distinct, midnight)] = foldEvents(distinct, [
        countedEvent(distinct, event(midnight, { text, amount: 1 })),
      ]);
      return tile;
    };
    const stored = createTile(distinct, midnight);
    expect(mergeTile(distinct, stored, tileOf('a'))).toBe(true);
    const { sketches } = encodeTile(distinct, stored);
    for (const text of ['a', null]) {
      expect(mergeTile(distinct, stored, tileOf(text))).toBe(false);
      expect(encodeTile(distinct, stored).sketches).toBe(sketches);
    }
    expect(encodeState(distinct, stored)).toBe(encodeTile(distinct, stored).state);
    expect(mergeTile(distinct, stored, tileOf('b'))).toBe(true);
  });

  test('says that they have changed where it makes a slot, be it of nulls alone', () => {
    const distinct = planOf([{ function: 'count_distinct', field: 'text', window: '1h' }]);
    const deltaOf = (eventMicros: number, text: string | null) =>
      foldEvents(distinct, [countedEvent(distinct, event(eventMicros, { text }))])[0] ?? createTile(distinct, midnight);
    const stored = createTile(distinct, midnight);
    mergeTile(distinct, stored, deltaOf(midnight, 'a'));
    expect(mergeTile(distinct, stored, deltaOf(midnight + 10 * minute, null))).toBe(true);
    expect(decodeTile(distinct, midnight, encodeTile(distinct, stored))).toEqual(stored);
  });
});

describe('a read', () => {
  test('of some features answers them in the order asked, and as often', () => {
    const tiles = foldEvents(plan, eventsOf([[5, { amount: 2, text: 'a' }]]));
    const read = { plan, tiles, asOfMicros: midnight + minute };
    const all = readWindows({ ...read, selection: selectFeatures(plan) });
    const places = [8, 0, 30, 8];
    expect(readWindows({ ...read, selection: selectFeatures(plan, places) })).toEqual(
      places.map((place) => all[place]),
    );
  });

  test('decodes of a tile what it needs, and answers the same', () => {
    const places = fc.subarray([...every.keys()]);
    fc.assert(
      fc.property(stream, places, fc.integer({ min: 0, max: 30 * hour }), (given, chosen, offset) => {
        const tiles = foldEvents(plan, eventsOf(given));
        const read = {
          plan,
          selection: selectFeatures(plan, chosen),
          asOfMicros: midnight + offset,
          headEvents: eventsOf(given),
        };
        const decoded = tiles.map((tile) => {
          const { state, sketches } = encodeTile(plan, tile);
          const fetched = { state, sketches: read.selection.needsSketches ? sketches : null };
          return decodeTile(plan, tile.startMicros, fetched, { ...read, endMicros: tile.startMicros + hour });
        });
        expect(readWindows({ ...read, tiles: decoded })).toEqual(readWindows({ ...read, tiles }));
      }),
    );
  });

  test('needs the tiles from the hour of its longest window on', () => {
    const longest = planOf([
      { function: 'count', window: '15m' },
      { function: 'count', window: '1h' },
    ]);
    const asOfMicros = midnight + 17 * minute;
    expect(firstTileStart(selectFeatures(longest), asOfMicros)).toBe(midnight - hour);
    expect(firstTileStart(selectFeatures(longest, [0]), asOfMicros)).toBe(midnight);
    expect(firstTileStart(selectFeatures(plan), asOfMicros)).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('a batch', () => {
  test('is folded by entity and hour', () => {
    const counts = planOf([{ function: 'count', window: '24h' }]);
    const events = [
      ['a', midnight],
      ['b', midnight - 1],
      ['a', midnight + hour],
      ['a', midnight + hour - 1],
      ['__proto__', 0],
    ] as const;
    const byEntity = foldByEntity(
      counts,
      events.map(([entityId, eventMicros]) => ({ ...countedEvent(counts, event(eventMicros)), entityId })),
    );
    const starts = [...byEntity].map(([entityId, tiles]) => [entityId, tiles.map(({ startMicros }) => startMicros)]);
    expect(starts).toEqual([
      ['a', [midnight, midnight + hour]],
      ['b', [midnight - hour]],
      ['__proto__', [0]],
    ]);
    expect(tileStart(midnight + hour - 1)).toBe(midnight);
    expect(tileStart(midnight + day)).toBe(midnight + day);
  });
});
