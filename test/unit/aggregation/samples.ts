import {
  type Aggregation,
  type CountedEvent,
  compileFoldPlan,
  createTile,
  decodeTile,
  encodeTile,
  type FoldPlan,
  foldEvents,
  headStart,
  mergeTile,
  readWindows,
  selectFeatures,
  type Tile,
  type WindowValue,
} from '../../../shared/aggregation/index.ts';
import type { NaiveEvent } from './naive-aggregate.ts';

export const second = 1_000_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Midnight, and the start of hops of any length but 7 d. */
export const midnight = Date.UTC(2026, 0, 31) * 1000;

export const schema = {
  amount: 'float64',
  ratio: 'float32',
  quantity: 'int64',
  small: 'int32',
  text: 'string',
  flag: 'bool',
  at: 'timestamp',
  body: 'json',
  raw: 'bytes',
  list: 'int64[]',
} as const;

export function planOf(aggregations: readonly Aggregation[], hop?: string): FoldPlan {
  const plan = compileFoldPlan({ aggregations, schema, hop });
  if (Array.isArray(plan)) throw new Error(plan.map(({ detail }) => detail).join('; '));
  return plan;
}

/** The event as the plan takes it. */
export function countedEvent(plan: FoldPlan, { eventMicros, eventId, values }: NaiveEvent): CountedEvent {
  return { eventMicros, eventId, values: plan.fields.map((field) => values[field] ?? null) };
}

/**
 * Tiles of the events, which come in some batches: each is folded, merged into what is stored, and written and read
 * again, the sketches where they have changed.
 */
export function tilesOf(plan: FoldPlan, batches: readonly (readonly NaiveEvent[])[]): Tile[] {
  const stored = new Map<number, ReturnType<typeof encodeTile>>();
  for (const batch of batches) {
    const events = batch.map((event) => countedEvent(plan, event));
    for (const delta of foldEvents(plan, events)) {
      const { startMicros } = delta;
      const before = stored.get(startMicros);
      const tile = before === undefined ? createTile(plan, startMicros) : decodeTile(plan, startMicros, before);
      const isChanged = mergeTile(plan, tile, delta);
      const { state, sketches } = encodeTile(plan, tile);
      stored.set(startMicros, { state, sketches: isChanged || before === undefined ? sketches : before.sketches });
    }
  }
  return [...stored].sort(([a], [b]) => a - b).map(([startMicros, encoded]) => decodeTile(plan, startMicros, encoded));
}

/** All features of the plan as of a moment, with the events themselves where the tiles are not enough. */
export function readAll(
  plan: FoldPlan,
  batches: readonly (readonly NaiveEvent[])[],
  asOfMicros: number,
): WindowValue[] {
  const read = { plan, selection: selectFeatures(plan), tiles: tilesOf(plan, batches), asOfMicros };
  const fromMicros = headStart(read);
  if (fromMicros === undefined) return readWindows(read);
  const headEvents = batches
    .flat()
    .filter(({ eventMicros }) => eventMicros >= fromMicros)
    .map((event) => countedEvent(plan, event));
  return readWindows({ ...read, headEvents });
}

let made = 0;

export function event(eventMicros: number, values: NaiveEvent['values'] = {}, eventId = `event-${made++}`): NaiveEvent {
  return { eventMicros, eventId, values };
}

/** The values alone. */
export function valuesAsOf(
  aggregations: readonly Aggregation[],
  events: readonly NaiveEvent[],
  asOfMicros: number,
): WindowValue['value'][] {
  return readAll(planOf(aggregations), [events], asOfMicros).map(({ value }) => value);
}
