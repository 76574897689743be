import { formatMicros } from '../../../shared/contract/time.ts';
import type { OracleAggregation, OracleEvent } from '../../support/naive-windows.ts';

export const second = 1_000_000;
const minute = 60 * second;
const hour = 60 * minute;
export const day = 24 * hour;

/** Noon of tomorrow: after whatever time the database records. */
export const noon = Math.floor((Date.now() * 1000) / day) * day + day + 12 * hour;

export const source = {
  name: 'purchases',
  schema: {
    id: 'string',
    user_id: 'string',
    shop: 'int32',
    amount: 'float64',
    country: 'string',
    at: 'timestamp',
  },
  event_time: 'at',
  event_id: 'id',
};

export interface ReplayView {
  readonly name: string;
  readonly entityType: 'user' | 'shop';
  readonly key: 'user_id' | 'shop';
  readonly where?: string;
  /** What the filter says. */
  readonly passes: (fields: Readonly<Record<string, unknown>>) => boolean;
  readonly hop?: string;
  readonly ttlHours?: number;
  readonly aggregations: Readonly<Record<string, OracleAggregation>>;
}

/** All aggregators over several windows and hops, a filter, a TTL, two keys and lifetimes. */
export const views: readonly ReplayView[] = [
  {
    name: 'spend',
    entityType: 'user',
    key: 'user_id',
    passes: () => true,
    aggregations: {
      n_15m: { function: 'count', window: '15m' },
      n_ever: { function: 'count' },
      sum_1h: { function: 'sum', field: 'amount', window: '1h' },
      sum_7d: { function: 'sum', field: 'amount', window: '7d' },
      sum_ever: { function: 'sum', field: 'shop' },
      avg_24h: { function: 'avg', field: 'amount', window: '24h' },
      min_7d: { function: 'min', field: 'amount', window: '7d' },
      max_12d: { function: 'max', field: 'shop', window: '12d' },
      var_24h: { function: 'variance', field: 'amount', window: '24h' },
      std_ever: { function: 'stddev', field: 'amount' },
      first_ever: { function: 'first', field: 'country' },
      last_24h: { function: 'last', field: 'amount', window: '24h' },
      firsts: { function: 'first_k', field: 'amount', k: 3 },
      lasts_7d: { function: 'last_k', field: 'shop', window: '7d', k: 3 },
      countries_7d: { function: 'count_distinct', field: 'country', window: '7d' },
      top_24h: { function: 'top_k', field: 'country', window: '24h', k: 2 },
      median_6h: { function: 'percentile', field: 'amount', window: '6h', p: 0.5 },
    },
  },
  {
    name: 'large',
    entityType: 'user',
    key: 'user_id',
    where: 'amount > 20.0',
    passes: ({ amount }) => Number(amount ?? 0) > 20,
    hop: '10s',
    ttlHours: 6,
    aggregations: {
      n_1m: { function: 'count', window: '1m' },
      sum_3h: { function: 'sum', field: 'amount', window: '3h' },
      last_1d: { function: 'last', field: 'country', window: '1d' },
    },
  },
  {
    name: 'shops',
    entityType: 'shop',
    key: 'shop',
    passes: () => true,
    aggregations: {
      buyers_ever: { function: 'count_distinct', field: 'user_id' },
      max_24h: { function: 'max', field: 'amount', window: '24h' },
      amounts_30d: { function: 'count', field: 'amount', window: '30d' },
    },
  },
];

/** The request that registers a view. */
export function definitionOf({ name, entityType, key, where, hop, ttlHours, aggregations }: ReplayView): object {
  return {
    ...{ name, entity_type: entityType, source: source.name, entity_key: key },
    ...(where === undefined ? {} : { where }),
    ...(hop === undefined ? {} : { hop }),
    ...(ttlHours === undefined ? {} : { ttl_hours: ttlHours }),
    aggregations: Object.entries(aggregations).map(([feature, aggregation]) => ({ name: feature, ...aggregation })),
  };
}

export interface SentEvent extends OracleEvent {
  readonly arrivalMicros: number;
  readonly json: string;
}

const users = 300;
const shops = 40;
const countries = ['at', 'be', 'ch', 'de', 'es'];

export const userIds = Array.from({ length: users }, (_, number) => `u${number}`);
/** Whether it is of those who have one event: what a fault kept from the cache, no later event brings it. */
export function isRare(userId: unknown): boolean {
  return String(userId).startsWith('r');
}

export const shopIds = Array.from({ length: shops }, (_, number) => `${number}`);

/**
 * Events in the order in which they reach the stream, up to two hours after they happened; most are of the last ten hours, the
 * others of nine days, a few of the next seconds. Some keys and values are null, some
 * users have this event alone. The same for each seed.
 */
export function eventsOf(count: number, chance: () => number, nowMicros = noon): SentEvent[] {
  const events = Array.from({ length: count }, (_, place): SentEvent => {
    const ago = chance() < 0.85 ? chance() * 10 * hour : chance() * 9 * day;
    const eventMicros = Math.floor(nowMicros - (chance() < 0.0005 ? -chance() * 50 * second : ago));
    const late = chance() < 0.5 ? chance() * minute : chance() * 2 * hour;
    // Byte order is neither that of time nor that of arrival.
    const eventId = `${((place * 7919) % count).toString(36)}-${place}`;
    const fields = {
      id: eventId,
      at: formatMicros(eventMicros),
      user_id: orNull(chance, 0.01, chance() < 0.03 ? `r${place}` : `u${Math.floor(users * chance() ** 2)}`),
      shop: orNull(chance, 0.02, Math.floor(shops * chance())),
      amount: orNull(chance, 0.05, Math.floor(chance() * 200) / 4 - 3),
      country: orNull(chance, 0.03, countries[Math.floor(countries.length * chance() ** 2)]),
    };
    const arrivalMicros = Math.min(nowMicros, Math.floor(eventMicros + late));
    return { eventId, eventMicros, arrivalMicros, fields, json: JSON.stringify(fields) };
  });
  return events.sort((a, b) => a.arrivalMicros - b.arrivalMicros);
}

function orNull<Value>(chance: () => number, probability: number, value: Value): Value | null {
  return chance() < probability ? null : value;
}

/** With so many of the events once more, right behind or up to 3,000 events later. */
export function withDuplicates(events: readonly SentEvent[], share: number, chance: () => number): SentEvent[] {
  const places = events.flatMap((event, place) => {
    const again = chance() < share ? [{ event, at: place + (chance() < 0.3 ? 0.5 : chance() * 3000) }] : [];
    return [{ event, at: place }, ...again];
  });
  return places.sort((a, b) => a.at - b.at).map(({ event }) => event);
}

/** Mulberry32: evenly spread over [0, 1), the same for each seed. */
export function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
