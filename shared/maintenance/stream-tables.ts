import { rawTable } from '../events/index.ts';
import type { TenantContext } from '../platform/context.ts';
import type { RegistrySnapshot, StreamSource } from '../registry/index.ts';
import { type StreamPlan, streamPlanOf } from '../tiles/index.ts';

/** The raw events of a source; the ids of those that came lately are kept beside them. */
export interface EventTable {
  readonly ctx: TenantContext;
  readonly table: string;
  readonly source: StreamSource;
}

/** The tiles of a stream view's versions that share them. */
export interface TileTable {
  readonly ctx: TenantContext;
  readonly table: string;
  readonly plan: StreamPlan;
}

export function eventTablesOf(ctx: TenantContext, { sources }: RegistrySnapshot): EventTable[] {
  return sources.map((source) => ({ ctx, table: rawTable(source.name), source }));
}

export function tileTablesOf(ctx: TenantContext, { views, sources }: RegistrySnapshot): TileTable[] {
  const byName = new Map(sources.map((source) => [source.name, source]));
  const plans = new Map<string, StreamPlan>();
  for (const version of views.flatMap(({ versions }) => versions)) {
    const source = byName.get(version.stream?.source ?? '');
    if (source !== undefined && !plans.has(version.table)) plans.set(version.table, streamPlanOf(version, source));
  }
  return [...plans.values()].map((plan) => ({ ctx, table: plan.table, plan }));
}
