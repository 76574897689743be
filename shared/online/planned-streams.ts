import type { TenantContext } from '../platform/context.ts';
import type { PlannedTable, ReadPlan, Registries } from '../registry/index.ts';
import { askWindows, findStreamPlan, type WindowsAsked } from '../tiles/index.ts';

/** The tables of a plan that are stream views', and what is asked of each. */
export type PlannedStreams = ReadonlyMap<PlannedTable, WindowsAsked>;

const none = 'none';
const known = new WeakMap<ReadPlan, PlannedStreams | typeof none>();

/** Compiled once a plan; undefined, at once, where it has batch views alone. */
export function plannedStreams(
  registries: Registries,
  ctx: TenantContext,
  plan: ReadPlan,
): PlannedStreams | undefined | Promise<PlannedStreams | undefined> {
  const found = known.get(plan);
  if (found === undefined) return compile(registries, ctx, plan);
  return found === none ? undefined : found;
}

async function compile(
  registries: Registries,
  ctx: TenantContext,
  plan: ReadPlan,
): Promise<PlannedStreams | undefined> {
  const streams = new Map<PlannedTable, WindowsAsked>();
  for (const planned of plan.entities.flatMap(({ tables }) => tables)) {
    if (planned.version.stream === null) continue;
    const positions = planned.features.map(({ position }) => position);
    streams.set(planned, askWindows(await findStreamPlan(registries, ctx, planned.version), positions));
  }
  known.set(plan, streams.size === 0 ? none : streams);
  return streams.size === 0 ? undefined : streams;
}
