import { type EntityRead, isAbsence, isAbsenceCurrent, type OnlineCache, type SideCommand } from '../cache/index.ts';
import { FeatureStoreError } from '../contract/errors.ts';
import type { OnlineRequest } from '../contract/online.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import { type ReadPlan, type Registries, readingRegistry, type TenantRegistry } from '../registry/index.ts';
import { parseStoredRow, type StoredRow } from '../values/index.ts';
import { type BoundRow, bindEntities } from './bind-entities.ts';
import { createReadMisses, type Miss, type ReadMisses } from './read-misses.ts';
import { writeManyAnswer, writeOneAnswer } from './write-answer.ts';

export interface OnlineDependencies {
  readonly registries: Registries;
  readonly cache: OnlineCache;
  /** As reader. */
  readonly database: Database;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface OnlineAnswer {
  /** The answer as JSON text. */
  readonly text: string;
  readonly entities: number;
  readonly features: number;
  /** Rows of views that the cache had, and had not. */
  readonly hits: number;
  readonly misses: number;
}

export type ReadOnline = (ctx: TenantContext, request: OnlineRequest) => Promise<OnlineAnswer>;

/**
 * The online read: plan from memory, one round trip to the cache, one query for all misses, answer. The cache may be away
 * (Postgres answers) and so may Postgres (the cache answers what it has); what neither can answer is `unavailable` with
 * the views, or with allow_partial a status. Throws as resolving does, and entities_required, too_many_values.
 */
export function createReadOnline(dependencies: OnlineDependencies): ReadOnline {
  const { registries } = dependencies;
  const trip = { ...dependencies, readMisses: createReadMisses(dependencies) };
  return async (ctx, request) => {
    // Looked at before the plan, so that a registry loaded just now is not checked again.
    const isCheckDue = registries.isCheckDue(ctx);
    const plan = await readingRegistry(registries, ctx, (registry) => planOf(registry, request));
    return readPlanned(trip, ctx, request, plan, isCheckDue);
  };
}

type Trip = OnlineDependencies & { readonly readMisses: ReadMisses };

async function readPlanned(
  trip: Trip,
  ctx: TenantContext,
  request: OnlineRequest,
  plan: ReadPlan,
  isCheckDue: boolean,
): Promise<OnlineAnswer> {
  const bound = bindEntities(plan, request);
  const cached = await readCache(trip.cache, ctx, plan, bound, isCheckDue);
  if (isCheckDue) {
    const registry = await trip.registries.noteEpoch(ctx, cached.epoch);
    const newer = planOf(registry, request);
    if (newer !== plan) return readPlanned(trip, ctx, request, newer, false);
  }
  const asOfMicros = trip.clock.nowMicros();
  const { stored, misses, places } = sortOut(plan, bound, cached.fields, asOfMicros);
  const unavailable = await fillMisses(trip, ctx, request, { stored, misses, places }, asOfMicros);
  const hits = stored.length - misses.length;
  trip.telemetry.cacheRead(hits, misses.length);
  reportNewest(trip.telemetry, ctx, plan, stored);
  const rows = { bound, stored, unavailable, asOfMicros, includeMetadata: request.include_metadata };
  const isOne = request.entity_id !== undefined || request.entities !== undefined;
  return {
    text: isOne ? writeOneAnswer(plan, rows) : writeManyAnswer(plan, rows),
    entities: bound.length,
    features: plan.features.length,
    hits,
    misses: misses.length,
  };
}

function planOf(registry: TenantRegistry, { feature_names, feature_service }: OnlineRequest): ReadPlan {
  return feature_names === undefined
    ? registry.planOfService(feature_service ?? '')
    : registry.planOfNames(feature_names);
}

/** The fields of every entity, row by row; all null where the cache does not answer. */
async function readCache(
  cache: OnlineCache,
  { tenantId }: TenantContext,
  plan: ReadPlan,
  bound: readonly BoundRow[],
  isCheckDue: boolean,
): Promise<{ fields: readonly (string | null)[]; epoch: number | null }> {
  const reads: EntityRead[] = [];
  for (const { entityIds } of bound) {
    for (const [index, { entityType, fields }] of plan.entities.entries()) {
      reads.push({ tenantId, entityType, entityId: entityIds[index] ?? '', fields });
    }
  }
  const along: SideCommand[] = isCheckDue ? [{ kind: 'epoch', tenantId }] : [];
  try {
    const answer = await cache.read(reads, along);
    return { fields: answer.reads.flat(), epoch: answer.along[0] ?? null };
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return { fields: new Array(bound.length * plan.slots).fill(null), epoch: null };
  }
}

interface SortedOut {
  /** Row-major, one per input row and slot; those of misses are filled later. */
  readonly stored: (StoredRow | undefined)[];
  readonly misses: Miss[];
  /** Where in `stored` each miss belongs. */
  readonly places: number[];
}

function sortOut(
  plan: ReadPlan,
  bound: readonly BoundRow[],
  fields: readonly (string | null)[],
  asOfMicros: number,
): SortedOut {
  const stored = new Array<StoredRow | undefined>(fields.length);
  const misses: Miss[] = [];
  const places: number[] = [];
  let place = 0;
  for (const { entityIds } of bound) {
    for (const [index, { entityType, tables }] of plan.entities.entries()) {
      for (const table of tables) {
        const row = readField(fields[place] ?? null, asOfMicros);
        if (row === 'miss') {
          misses.push({ entityType, entityId: entityIds[index] ?? '', table });
          places.push(place);
        } else stored[place] = row;
        place++;
      }
    }
  }
  return { stored, misses, places };
}

/** A row, undefined where the entity is known to have none, or a miss. A row still to come is a miss. */
function readField(text: string | null, asOfMicros: number): StoredRow | undefined | 'miss' {
  if (text === null) return 'miss';
  if (isAbsence(text)) return isAbsenceCurrent(text, asOfMicros) ? undefined : 'miss';
  const row = parseStoredRow(text);
  return row.eventMicros > asOfMicros ? 'miss' : row;
}

/** Answers the misses, or says which places nobody can answer. */
async function fillMisses(
  { readMisses }: Trip,
  ctx: TenantContext,
  request: OnlineRequest,
  { stored, misses, places }: SortedOut,
  asOfMicros: number,
): Promise<ReadonlySet<number>> {
  if (misses.length === 0) return nowhere;
  try {
    const rows = await readMisses(ctx, misses, asOfMicros);
    for (const [index, place] of places.entries()) stored[place] = rows[index];
    return nowhere;
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    if (request.allow_partial) return new Set(places);
    const views = [...new Set(misses.map(({ table }) => table.version.view))];
    throw new FeatureStoreError(
      'unavailable',
      `no store can answer ${views.join(', ')} now`,
      { views },
      { cause: error },
    );
  }
}

const nowhere: ReadonlySet<number> = new Set();

/** The newest row answered of each view: an entity of old data says nothing of its view. */
function reportNewest(
  telemetry: Telemetry,
  ctx: TenantContext,
  plan: ReadPlan,
  stored: readonly (StoredRow | undefined)[],
): void {
  for (const { tables, firstSlot } of plan.entities) {
    for (const [index, { version }] of tables.entries()) {
      let newest = Number.NEGATIVE_INFINITY;
      for (let place = firstSlot + index; place < stored.length; place += plan.slots) {
        newest = Math.max(newest, stored[place]?.eventMicros ?? newest);
      }
      if (Number.isFinite(newest)) telemetry.dataSeen(ctx, version.view, newest);
    }
  }
}
