import { isAbsence, isAbsenceCurrent, type OnlineCache } from '../cache/index.ts';
import { FeatureStoreError } from '../contract/errors.ts';
import type { LimitedRequest } from '../limits/index.ts';
import type { AnswerLimit } from '../platform/answer-limit.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { ReadPlan } from '../registry/index.ts';
import { type MissingWindows, marksOf, type ReadMissingWindows, readCachedWindows } from '../tiles/index.ts';
import { parseStoredRow, type StoredRow } from '../values/index.ts';
import type { BoundRequest } from './bind-entities.ts';
import { createHeldRows, type HeldRows } from './hold-rows.ts';
import type { PlannedStreams } from './planned-streams.ts';
import type { Miss, ReadMisses } from './read-misses.ts';
import { type Along, type CachedParts, nothingAlong, type Part, readParts, tripsOf } from './read-parts.ts';
import { readStreamParts } from './read-stream-parts.ts';
import type { TripSizes } from './trip-sizes.ts';

export interface RowSources {
  readonly cache: OnlineCache;
  readonly readMisses: ReadMisses;
  readonly readMissingWindows: ReadMissingWindows;
  readonly clock: Clock;
  readonly answerLimit: AnswerLimit;
  readonly tripSizes: TripSizes;
}

export interface ReadRows {
  /** By place; undefined where an entity has no row of a table. */
  readonly stored: readonly (StoredRow | undefined)[];
  /** Places that no store could answer. */
  readonly unavailable: ReadonlySet<number>;
  readonly asOfMicros: number;
  readonly hits: number;
  readonly misses: number;
}

export interface ReadRowsOptions {
  readonly allowPartial: boolean;
  /** Undefined where all views are batch views. */
  readonly streams: PlannedStreams | undefined;
  /** Hears the registry's epoch, which then travels with the first trip, and says whether to go on. */
  readonly onEpoch?: ((epoch: number | null) => Promise<boolean>) | undefined;
  /** Counted with the first trip. */
  readonly limited?: LimitedRequest | undefined;
}

/**
 * The rows of a request's entities, from the cache and what that has not from Postgres: in one trip where they are few, else
 * trip by trip, so that no request holds much more than it answers (hold-rows.ts). A store that is away is asked once a
 * request. Undefined where `onEpoch` says so. Throws rate_limited, unavailable with the views, and payload_too_large.
 */
export async function readRows(
  { cache, readMisses, readMissingWindows, clock, answerLimit, tripSizes }: RowSources,
  ctx: TenantContext,
  plan: ReadPlan,
  { entities }: BoundRequest,
  { allowPartial, streams, onEpoch, limited }: ReadRowsOptions,
): Promise<ReadRows | undefined> {
  let held: HeldRows | undefined;
  let asOfMicros = 0;
  let isCacheAway = false;
  let failure: UnavailableError | undefined;
  const unavailable: PlacedMiss[] = [];
  let rows = 0;
  let missed = 0;
  for (const parts of tripsOf(entities, () => tripSizes.atOnce(plan))) {
    const along: Along = held === undefined ? { isCheckDue: onEpoch !== undefined, limited } : nothingAlong;
    const cached: CachedParts = isCacheAway
      ? { texts: undefined, epoch: null }
      : streams === undefined
        ? await readParts(cache, ctx, parts, along)
        : await readStreamParts(cache, ctx, parts, along, streams, clock.nowMicros());
    isCacheAway = cached.texts === undefined;
    if (held === undefined) {
      if (onEpoch !== undefined && !(await onEpoch(cached.epoch))) return undefined;
      asOfMicros = clock.nowMicros();
      held = createHeldRows(plan, answerLimit.maxBytes, asOfMicros);
    }
    const before = held.count();
    const misses = holdCached(held, parts, cached, streams, asOfMicros);
    for (const { from, to } of parts) rows += to - from;
    missed += misses.length;
    if (misses.length > 0) {
      failure ??= await holdMisses(held, { readMisses, readMissingWindows }, ctx, misses, asOfMicros);
      if (failure !== undefined) unavailable.push(...misses);
    }
    const { rows: found, characters } = held.count();
    tripSizes.learn(plan, found - before.rows, characters - before.characters);
  }
  if (failure !== undefined && !allowPartial) throw noStoreAnswers(unavailable, failure);
  return {
    stored: held?.stored ?? [],
    unavailable: unavailable.length === 0 ? nowhere : new Set(unavailable.map(({ place }) => place)),
    asOfMicros,
    hits: rows - missed,
    misses: missed,
  };
}

const nowhere: ReadonlySet<number> = new Set();

interface PlacedMiss extends Miss {
  readonly place: number;
  readonly slot: number;
  /** Of a stream view. */
  readonly windows?: MissingWindows | undefined;
}

/** Holds what the cache has, and answers what it has not. */
function holdCached(
  held: HeldRows,
  parts: readonly Part[],
  { texts, windows }: CachedParts,
  streams: PlannedStreams | undefined,
  asOfMicros: number,
): readonly PlacedMiss[] {
  const misses: PlacedMiss[] = [];
  for (const [index, { entity, from, to }] of parts.entries()) {
    const { planned, entityId, firstPlace } = entity;
    const fields = texts?.[index];
    for (let table = from; table < to; table++) {
      const place = firstPlace + table;
      const slot = planned.firstSlot + table;
      const asked = planned.tables[table];
      if (streams !== undefined && asked !== undefined) {
        const ofStream = streams.get(asked);
        if (ofStream !== undefined) {
          const found = windows?.get(place);
          const answer = found === undefined ? 'not filled' : readCachedWindows(ofStream, found, asOfMicros);
          if (typeof answer !== 'string') {
            held.hold(place, slot, answer, lengthOf(answer));
            continue;
          }
          const marks = found === undefined || answer === 'not here' ? undefined : marksOf(found.texts);
          const missing = { asked: ofStream, entityId, marks };
          misses.push({ entityType: planned.entityType, entityId, table: asked, place, slot, windows: missing });
          continue;
        }
      }
      const text = fields?.[table - from] ?? null;
      const row = readField(text, asOfMicros);
      if (row === 'miss') {
        if (asked !== undefined) misses.push({ entityType: planned.entityType, entityId, table: asked, place, slot });
      } else if (row !== undefined && text !== null) held.hold(place, slot, row, text.length);
    }
  }
  return misses;
}

/** A row, undefined where the entity is known to have none, or a miss. A row still to come is a miss. */
function readField(text: string | null, asOfMicros: number): StoredRow | undefined | 'miss' {
  if (text === null) return 'miss';
  if (isAbsence(text)) return isAbsenceCurrent(text, asOfMicros) ? undefined : 'miss';
  const row = parseStoredRow(text);
  return row.eventMicros > asOfMicros ? 'miss' : row;
}

/** Holds what Postgres answers; answers why it does not. */
async function holdMisses(
  held: HeldRows,
  { readMisses, readMissingWindows }: Pick<RowSources, 'readMisses' | 'readMissingWindows'>,
  ctx: TenantContext,
  misses: readonly PlacedMiss[],
  asOfMicros: number,
): Promise<UnavailableError | undefined> {
  const ofStreams = misses.filter(({ windows }) => windows !== undefined);
  const ofRows = ofStreams.length === 0 ? misses : misses.filter(({ windows }) => windows === undefined);
  let found: readonly (StoredRow | undefined)[] = [];
  let windows: readonly StoredRow[] = [];
  try {
    if (ofRows.length > 0) found = await readMisses(ctx, ofRows, asOfMicros);
    if (ofStreams.length > 0) {
      const missing = ofStreams.flatMap((miss) => miss.windows ?? []);
      windows = await readMissingWindows(ctx, missing, asOfMicros);
    }
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return error;
  }
  for (const [index, { place, slot }] of ofRows.entries()) {
    const row = found[index];
    if (row !== undefined) held.hold(place, slot, row, lengthOf(row));
  }
  for (const [index, { place, slot }] of ofStreams.entries()) {
    const row = windows[index];
    if (row !== undefined) held.hold(place, slot, row, lengthOf(row));
  }
  return undefined;
}

function lengthOf({ values }: StoredRow): number {
  return values.reduce((length, value) => length + (value?.length ?? 0) + 1, 0);
}

function noStoreAnswers(misses: readonly PlacedMiss[], cause: UnavailableError): FeatureStoreError {
  const views = [...new Set(misses.map(({ table }) => table.version.view))];
  return new FeatureStoreError('unavailable', `no store can answer ${views.join(', ')} now`, { views }, { cause });
}
