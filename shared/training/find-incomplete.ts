import type { Warning } from '../contract/training.ts';
import { readBackfills } from '../events/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { PlannedTable } from '../registry/index.ts';
import type { StreamPlan } from '../tiles/index.ts';

/** Warnings of the stream views that do not yet count all of what their source had before them. */
export type FindIncomplete = (ctx: TenantContext, streams: ReadonlyMap<PlannedTable, StreamPlan>) => Promise<Warning[]>;

/** A view that has all has it for ever, so each is asked about until it has, and then not again by this process. */
export function createFindIncomplete(database: Database): FindIncomplete {
  const complete = new Set<string>();
  return async (ctx, streams) => {
    const keyOf = (table: string): string => `${ctx.tenantId}.${table}`;
    const viewOf = new Map([...streams.keys()].map(({ version }) => [version.table, version.view]));
    const tables = [...viewOf.keys()].filter((table) => !complete.has(keyOf(table)));
    if (tables.length === 0) return [];
    const backfills = (await readBackfills(database, ctx, tables)).filter(({ status }) => status !== 'done');
    const incomplete = new Set(backfills.map(({ table }) => table));
    for (const table of tables) if (!incomplete.has(table)) complete.add(keyOf(table));
    return backfills.map(({ table, eventsDone, eventsTotal }) => ({
      code: 'backfill_incomplete',
      view: viewOf.get(table) ?? '',
      events_done: eventsDone,
      events_total: eventsTotal,
    }));
  };
}
