import type { OnlineCache } from '../cache/index.ts';
import { rawTable } from '../events/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import { type Registries, readingRegistry, type TenantRegistry } from '../registry/index.ts';
import { type StreamPlan, streamPlanOf } from '../tiles/index.ts';
import { createEnsurePartitions, deleteProjections, isPartitionMissing } from '../values/index.ts';
import { createHeldTiles, type HeldTiles } from './held-tiles.ts';
import { type EventRejection, type IncomingEvent, judgeEvents } from './judge-events.ts';
import { projectTiles } from './project-tiles.ts';
import {
  type FoldedView,
  type OutdatedRegistry,
  type StoredEvents,
  type StreamsOfSource,
  storeEvents,
} from './store-events.ts';

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

/** Some 2 KB each: 80 MB of a function's memory. */
const mostHeldTiles = 40_000;

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
  const held = createHeldTiles(mostHeldTiles, clock);
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
      const { source } = found;
      const { events, accepted, rejected } = judged;
      if (events.length === 0) return { accepted, duplicates: 0, rejected, isProjected: true };

      const eventTimes = events.map(({ eventMicros }) => eventMicros);
      await ensurePartitions(ctx, rawTable(source.name), eventTimes);
      let stored: StoredEvents | OutdatedRegistry;
      try {
        stored = await storeEvents({ database, held }, ctx, found, events);
      } catch (error) {
        if (!isPartitionMissing(error)) throw error;
        await ensurePartitions(ctx, rawTable(source.name), eventTimes, { forget: true });
        stored = await storeEvents({ database, held }, ctx, found, events);
      }
      if ('neededEpoch' in stored) {
        // A view of the source was registered, and this process has not heard of it.
        found = streamsOf(await reachEpoch(registries, ctx, stored.neededEpoch), sourceName);
        judged = judgeEvents(found.source, given, settings);
        continue;
      }
      holdTiles(held, ctx, stored.folded);
      const isProjected = await project({ database, cache }, ctx, stored, clock.nowMicros());
      const fresh = events.length - stored.duplicates.length;
      return { accepted, duplicates: accepted - fresh, rejected, isProjected };
    }
  };
}

/** The registry of this epoch or a later one, which was published before anybody asked for it. */
async function reachEpoch(registries: Registries, ctx: TenantContext, epoch: number): Promise<TenantRegistry> {
  const registry = await registries.noteEpoch(ctx, epoch);
  if (registry.snapshot.epoch >= epoch) return registry;
  throw new UnavailableError('dynamodb', new Error(`the registry of epoch ${epoch} could not be read`));
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

/** Without the texts that were written: these are larger than what they were written from. */
function holdTiles(held: HeldTiles, ctx: TenantContext, folded: readonly FoldedView[]): void {
  for (const { plan, tiles } of folded) {
    for (const written of tiles) {
      const { tile, newestMicros, revision } = written;
      held.put(ctx, plan.table, written, { tile, newestMicros, revision });
    }
  }
}

/**
 * Projects what was committed, and the tiles of duplicates too. Whether it could; if not, the mark in Postgres stays and the
 * sweep has the next read fill the cache.
 */
async function project(
  stores: { readonly database: Database; readonly cache: OnlineCache },
  ctx: TenantContext,
  { folded, duplicates, pendingIds }: StoredEvents,
  nowMicros: number,
): Promise<boolean> {
  try {
    for (const { plan, tiles } of folded) {
      await projectTiles(stores, ctx, plan, { folded: tiles, duplicates }, nowMicros);
    }
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
