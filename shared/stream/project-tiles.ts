import type { OnlineCache } from '../cache/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import {
  dayFields,
  dayOf,
  lifetimeField,
  lifetimeHour,
  readTileRows,
  readTilesAt,
  type StreamPlan,
} from '../tiles/index.ts';

export interface ProjectionStores {
  readonly database: Queryable;
  readonly cache: OnlineCache;
}

/** What events touched in a view: days by entity. */
export type TouchedDays = ReadonlyMap<string, ReadonlySet<number>>;

const dayMicros = 86_400_000_000;

/**
 * Brings the cache to what Postgres has of entities' days, whole days as they are read now. Whoever reads later has read at least
 * as much, and the sum of a day's revisions says which is the later. Days out of all windows stay out.
 */
export async function projectTiles(
  { database, cache }: ProjectionStores,
  ctx: TenantContext,
  plan: StreamPlan,
  touched: TouchedDays,
  nowMicros: number,
): Promise<void> {
  const first = dayOf(nowMicros) + 2 - plan.ringDays;
  const ranges = [...touched].flatMap(([entityId, days]) =>
    [...days]
      .filter((day) => day >= first)
      .map((day) => ({ entityId, fromMicros: day * dayMicros, toMicros: (day + 1) * dayMicros })),
  );
  const lifetimeKeys =
    plan.lifetimes.count === 0 ? [] : [...touched.keys()].map((entityId) => ({ entityId, hourMicros: lifetimeHour }));
  const [tiles, lifetimes] = await Promise.all([
    readTileRows(database, ctx, plan.table, ranges),
    readTilesAt(database, ctx, plan.table, lifetimeKeys),
  ]);
  const entryOf = (entityId: string) => ({ tenantId: ctx.tenantId, entityType: plan.entityType, entityId });
  await cache.writeNewest([
    ...ranges.flatMap(({ entityId }, place) =>
      dayFields(plan, tiles[place] ?? []).map((field) => ({ ...entryOf(entityId), ...field })),
    ),
    ...lifetimeKeys.flatMap(({ entityId }, place) => {
      const row = lifetimes[place];
      return row === undefined ? [] : [{ ...entryOf(entityId), ...lifetimeField(plan, row) }];
    }),
  ]);
}
