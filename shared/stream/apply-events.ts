import type { OnlineCache } from '../cache/index.ts';
import { rawTable } from '../events/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import { type Registries, readingRegistry, type StreamSource, type TenantRegistry } from '../registry/index.ts';
import { countEvent, dayOf, type StreamEvent, type StreamPlan, streamPlanOf } from '../tiles/index.ts';
import { addPendingTiles, createEnsurePartitions, deleteProjections, isPartitionMissing } from '../values/index.ts';
import { foldIntoTiles } from './fold-into-tiles.ts';
import { insertEvents } from './insert-events.ts';
import { type EventRejection, type IncomingEvent, type JudgedEvent, judgeEvents } from './judge-events.ts';
import { projectTiles, type TouchedDays } from './project-tiles.ts';

export interface ApplyDependencies {
  /** As writer. */
  readonly database: Database;
  readonly cache: OnlineCache;
  readonly registries: Registries;
  readonly clock: Clock;
  /** Seconds that an event time may be ahead of the clock. Default 60. */
  readonly futureToleranceSeconds?: number | undefined;
}

export interface AppliedEvents {
  /** Events that stand: stored now or before. */
  readonly accepted: number;
  /** Of them those that had been stored before, or came twice in this call. */
  readonly duplicates: number;
  readonly rejected: readonly EventRejection[];
  /** Whether the cache has them already; else the sweep sees to it. */
  readonly isProjected: boolean;
}

export type ApplyEvents = (
  ctx: TenantContext,
  sourceName: string,
  events: readonly IncomingEvent[],
) => Promise<AppliedEvents>;

/**
 * The event trip: judge the events, store the new ones and fold them into the tiles of all view versions over the source in
 * one transaction, and project the tiles to the cache. All of a call together, so that large batches cost little an event.
 * Throws source_not_found, and UnavailableError where Postgres is away: then nothing is stored, and the call may be made again.
 */
export function createApplyEvents(dependencies: ApplyDependencies): ApplyEvents {
  const { database, cache, registries, clock, futureToleranceSeconds = 60 } = dependencies;
  const ensurePartitions = createEnsurePartitions(database);
  const futureToleranceMicros = futureToleranceSeconds * 1_000_000;

  return async (ctx, sourceName, given) => {
    await registries.fresh(ctx);
    const settings = { nowMicros: clock.nowMicros(), futureToleranceMicros };
    let found = await readingRegistry(registries, ctx, (registry) => streamsOf(registry, sourceName));
    let judged = judgeEvents(found.source, given, settings);
    if (judged.rejected.some(({ code }) => code === 'unknown_field')) {
      // Another process may have added the field within this second.
      const checked = streamsOf(await registries.check(ctx), sourceName);
      if (checked.source !== found.source) {
        found = checked;
        judged = judgeEvents(found.source, given, settings);
      }
    }
    for (;;) {
      const { source, plans } = found;
      const { events, accepted, rejected } = judged;
      if (events.length === 0) return { accepted, duplicates: 0, rejected, isProjected: true };

      const eventTimes = events.map(({ eventMicros }) => eventMicros);
      await ensurePartitions(ctx, rawTable(source.name), eventTimes);
      let stored: StoredEvents;
      try {
        stored = await storeEvents(database, ctx, found, events);
      } catch (error) {
        if (!isPartitionMissing(error)) throw error;
        await ensurePartitions(ctx, rawTable(source.name), eventTimes, { forget: true });
        stored = await storeEvents(database, ctx, found, events);
      }
      if (stored.neededEpoch !== undefined) {
        // A view of the source was registered, and this process has not heard of it.
        found = streamsOf(await reachEpoch(registries, ctx, stored.neededEpoch), sourceName);
        judged = judgeEvents(found.source, given, settings);
        continue;
      }
      const isProjected = await project({ database, cache }, ctx, plans, events, stored.pendingIds, clock.nowMicros());
      return { accepted, duplicates: accepted - stored.fresh, rejected, isProjected };
    }
  };
}

/** The registry of this epoch or a later one, which was published before anybody asked for it. */
async function reachEpoch(registries: Registries, ctx: TenantContext, epoch: number): Promise<TenantRegistry> {
  const registry = await registries.noteEpoch(ctx, epoch);
  if (registry.snapshot.epoch >= epoch) return registry;
  throw new UnavailableError('dynamodb', new Error(`the registry of epoch ${epoch} could not be read`));
}

interface StreamsOfSource {
  readonly source: StreamSource;
  /** Of the registry that says so. */
  readonly epoch: number;
  /** Of each table of tiles, sorted by it: in the same order every writer writes them. */
  readonly plans: readonly StreamPlan[];
}

/** Old versions stay readable, so all of them count events; those that differ in TTLs alone share their tiles. */
function streamsOf(registry: TenantRegistry, sourceName: string): StreamsOfSource {
  const source = registry.source(sourceName);
  const plans = new Map<string, StreamPlan>();
  for (const { versions } of registry.snapshot.views) {
    for (const version of versions) {
      if (version.stream?.source !== source.name || plans.has(version.table)) continue;
      plans.set(version.table, streamPlanOf(version, source));
    }
  }
  const { epoch } = registry.snapshot;
  return { source, epoch, plans: [...plans.values()].sort((a, b) => (a.table < b.table ? -1 : 1)) };
}

type StoredEvents =
  | {
      /** How many were new. */
      readonly fresh: number;
      /** Of the rows in pending_projections. */
      readonly pendingIds: readonly string[];
      readonly neededEpoch?: undefined;
    }
  /** Nothing is stored: the registry is older than the source asks for. */
  | { readonly neededEpoch: number };

function storeEvents(
  database: Database,
  ctx: TenantContext,
  { source, plans, epoch }: StreamsOfSource,
  events: readonly JudgedEvent[],
): Promise<StoredEvents> {
  return database.transaction(async (transaction) => {
    const inserted = await insertEvents(transaction, ctx, source, events, epoch);
    if (inserted.neededEpoch !== undefined) return inserted;
    const { fresh } = inserted;
    for (const plan of plans) await foldIntoTiles(transaction, ctx, plan, fresh);
    const pending = plans.flatMap((plan) => {
      const entityIds = [...touchedDays(plan, fresh).keys()];
      const { entityType, table } = plan;
      return entityIds.length === 0 ? [] : [{ id: crypto.randomUUID(), entityType, table, entityIds }];
    });
    await addPendingTiles(transaction, ctx, pending);
    return { fresh: fresh.length, pendingIds: pending.map(({ id }) => id) };
  });
}

function touchedDays(plan: StreamPlan, events: readonly StreamEvent[]): TouchedDays {
  const touched = new Map<string, Set<number>>();
  for (const event of events) {
    const counted = countEvent(plan, event);
    if (counted === undefined) continue;
    const days = touched.get(counted.entityId) ?? new Set();
    touched.set(counted.entityId, days.add(dayOf(counted.eventMicros)));
  }
  return touched;
}

/**
 * Projects what was committed, and the tiles of duplicates too: they may be of a call that ended between its commit and its
 * projection. Whether it could; if not, the mark in Postgres stays and the sweep has the next read fill the cache.
 */
async function project(
  stores: { readonly database: Database; readonly cache: OnlineCache },
  ctx: TenantContext,
  plans: readonly StreamPlan[],
  events: readonly JudgedEvent[],
  pendingIds: readonly string[],
  nowMicros: number,
): Promise<boolean> {
  try {
    for (const plan of plans) await projectTiles(stores, ctx, plan, touchedDays(plan, events), nowMicros);
  } catch (error) {
    if (error instanceof UnavailableError) return false;
    throw error;
  }
  if (pendingIds.length > 0) {
    // Not waited for, as that of rows: a mark that stays costs one needless filling.
    deleteProjections(stores.database, pendingIds).catch(() => {});
  }
  return true;
}
