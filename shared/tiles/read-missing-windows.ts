import { setImmediate } from 'node:timers/promises';
import { isFilled, markMicros, nextMark, type OnlineCache, type TileMarks, tileFields } from '../cache/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { StoredRow } from '../values/index.ts';
import type { WindowsAsked } from './ask-windows.ts';
import { answerWindows, type EntityTiles } from './cached-tiles.ts';
import { readWindowsAsOf } from './read-windows-as-of.ts';
import type { StreamPlan } from './stream-plan.ts';
import { firstHour, tileFieldsOfAll } from './tile-fields.ts';
import { lifetimeHour, readTileRows } from './tile-rows.ts';

/** What the cache could not answer: one entity of one stream view. */
export interface MissingWindows {
  readonly asked: WindowsAsked;
  readonly entityId: string;
  /** What the cache has of them; undefined where it did not answer, or does not need to be filled. */
  readonly marks: TileMarks | undefined;
}

export type ReadMissingWindows = (
  ctx: TenantContext,
  missing: readonly MissingWindows[],
  asOfMicros: number,
) => Promise<StoredRow[]>;

export interface FillDependencies {
  readonly database: Database;
  readonly cache: OnlineCache;
  readonly clock: Clock;
}

/** While a mark is younger, whoever set it is about to fill the hash: others read Postgres and leave it to them. */
const fillingMicros = 1_000_000;

/** By key, of entities that are being read, or filled with what was read. */
type UnderWay = Map<string, Promise<EntityTiles>>;

/**
 * Answers from Postgres, and fills the cache with all of an entity's days: a mark first, then what Postgres has, newest wins,
 * and at last the same mark (tile-fields.ts). Where an event of the next seconds has been counted the answer is that as of the
 * moment. One query per view, and one more for such entities; misses of one entity that come while it is being read or filled
 * share its query. Throws UnavailableError where Postgres does not answer.
 */
export function createReadMissingWindows(dependencies: FillDependencies): ReadMissingWindows {
  const underWay: UnderWay = new Map();
  return async (ctx, missing, asOfMicros) => {
    const rows: StoredRow[] = [];
    const byView = Map.groupBy(missing.keys(), (place) => missing[place]?.asked.plan);
    await Promise.all(
      [...byView].map(async ([plan, places]) => {
        if (plan === undefined) return;
        const ofView = places.flatMap((place) => missing[place] ?? []);
        const answers = await readView(dependencies, underWay, ctx, plan, ofView, asOfMicros);
        for (const [index, place] of places.entries()) {
          const answer = answers[index];
          if (answer !== undefined) rows[place] = answer;
        }
      }),
    );
    return rows;
  };
}

async function readView(
  dependencies: FillDependencies,
  underWay: UnderWay,
  ctx: TenantContext,
  plan: StreamPlan,
  missing: readonly MissingWindows[],
  asOfMicros: number,
): Promise<StoredRow[]> {
  const found = await readShared(dependencies, underWay, ctx, plan, missing, asOfMicros);
  const answers = missing.map(({ asked }, place) =>
    answerWindows(asked, asOfMicros, found[place] ?? { tiles: [], lifetime: undefined }),
  );
  return Promise.all(
    answers.map(async (answer, place) => {
      if (answer !== 'not here') return answer;
      const { entityId = '', asked } = missing[place] ?? {};
      const positions = asked === undefined ? [] : [...asked.windowedPositions, ...asked.lifetimePositions];
      const spine = { entityIds: [entityId], asOfMicros: [asOfMicros] };
      const [row] = await readWindowsAsOf(dependencies.database, ctx, { plan, positions, spine });
      if (row === undefined) throw new Error('a read as of a moment answers each place');
      return row;
    }),
  );
}

/** One query, and a filling, for those that nobody is reading yet. */
async function readShared(
  dependencies: FillDependencies,
  underWay: UnderWay,
  ctx: TenantContext,
  plan: StreamPlan,
  missing: readonly MissingWindows[],
  asOfMicros: number,
): Promise<EntityTiles[]> {
  const fromMicros = firstHour(asOfMicros, plan.reachMicros);
  const own: MissingWindows[] = [];
  const ownKeys: string[] = [];
  const read = Promise.withResolvers<EntityTiles[]>();
  const found = missing.map((one) => {
    const key = `${ctx.tenantId}\0${plan.table}\0${fromMicros}\0${one.entityId}`;
    const shared = underWay.get(key);
    if (shared !== undefined) return shared;
    const place = own.push(one) - 1;
    ownKeys.push(key);
    const tiles = read.promise.then((all) => all[place] ?? { tiles: [], lifetime: undefined });
    underWay.set(key, tiles);
    return tiles;
  });
  try {
    if (own.length > 0) {
      // Looked at below; until then a failure is no unhandled rejection.
      read.promise.catch(() => {});
      await readAndFill(dependencies, ctx, plan, own, { fromMicros, asOfMicros }, read).catch(read.reject);
    }
    return await Promise.all(found);
  } finally {
    // Those who read the cache before it was filled have come when all that has arrived by now is handled. Waited for, so that
    // whoever reads after this answer shares nothing with it.
    if (ownKeys.length > 0) await setImmediate();
    for (const key of ownKeys) underWay.delete(key);
  }
}

/** Keeps the promise `read` as soon as Postgres has answered, and resolves when the cache is filled. */
async function readAndFill(
  dependencies: FillDependencies,
  ctx: TenantContext,
  plan: StreamPlan,
  missing: readonly MissingWindows[],
  { fromMicros, asOfMicros }: { readonly fromMicros: number; readonly asOfMicros: number },
  read: PromiseWithResolvers<EntityTiles[]>,
): Promise<void> {
  const { database, clock } = dependencies;
  const fills = missing.map(({ marks }) => markOfFill(marks, clock.nowMicros()));
  const markAs = (name: 'begun' | 'done') => (place: number) => {
    const mark = fills[place];
    return mark === undefined ? [] : [{ field: tileFields[name](plan.table), stored: mark }];
  };
  const isBegun = await write(dependencies, ctx, plan, missing, markAs('begun'));
  const ranges = missing.map(({ entityId }) => ({ entityId, fromMicros, toMicros: Number.POSITIVE_INFINITY }));
  const found = await readEntities(database, ctx, plan, ranges);
  read.resolve(found);
  // Only what was written whole is done: a pipeline may fail in part.
  const isFilling =
    isBegun &&
    (await write(dependencies, ctx, plan, missing, (place) => {
      const { tiles, lifetime } = found[place] ?? {};
      if (fills[place] === undefined || tiles === undefined) return [];
      return tileFieldsOfAll(plan, lifetime === undefined ? tiles : [...tiles, lifetime], asOfMicros);
    }));
  if (isFilling) await write(dependencies, ctx, plan, missing, markAs('done'));
}

/** The mark to fill the hash under; undefined where it is filled, somebody else is filling it, or there is no cache. */
function markOfFill(marks: TileMarks | undefined, nowMicros: number): string | undefined {
  if (marks === undefined || isFilled(marks)) return undefined;
  if (marks.begun !== null && nowMicros - markMicros(marks.begun) < fillingMicros) return undefined;
  return nextMark(marks, nowMicros);
}

/** Of each entity the tiles, and the running lifetime, which the same range ends with. */
async function readEntities(
  database: Database,
  ctx: TenantContext,
  plan: StreamPlan,
  ranges: Parameters<typeof readTileRows>[3],
): Promise<EntityTiles[]> {
  const found = await readTileRows(database, ctx, plan.table, ranges, { withLast: true });
  return found.map((rows) => ({
    tiles: rows.filter(({ hourMicros }) => hourMicros !== lifetimeHour),
    lifetime: rows.find(({ hourMicros }) => hourMicros === lifetimeHour),
  }));
}

/** Whether the cache took all of it. */
async function write(
  { cache }: FillDependencies,
  { tenantId }: TenantContext,
  { entityType }: StreamPlan,
  missing: readonly MissingWindows[],
  fieldsOf: (place: number) => readonly { readonly field: string; readonly stored: string }[],
): Promise<boolean> {
  const entries = missing.flatMap(({ entityId }, place) =>
    fieldsOf(place).map((entry) => ({ tenantId, entityType, entityId, ...entry })),
  );
  try {
    await cache.writeNewest(entries);
    return true;
  } catch (error) {
    // The answer is right without the cache. Without `done` the hash is not complete.
    if (!(error instanceof UnavailableError)) throw error;
    return false;
  }
}
