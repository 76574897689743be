import type { OnlineCache } from '../cache/index.ts';
import type { OnlineRequest } from '../contract/online.ts';
import type { LimitedRequest } from '../limits/index.ts';
import type { AnswerLimit } from '../platform/answer-limit.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { type ReadPlan, type Registries, readingRegistry, type TenantRegistry } from '../registry/index.ts';
import { createReadMissingWindows, type ReadMissingWindows } from '../tiles/index.ts';
import type { StoredRow } from '../values/index.ts';
import { type BoundEntity, bindEntities } from './bind-entities.ts';
import { plannedStreams } from './planned-streams.ts';
import { createReadMisses, type ReadMisses } from './read-misses.ts';
import { readRows } from './read-rows.ts';
import { createTripSizes, type TripSizes } from './trip-sizes.ts';
import { writeManyAnswer, writeOneAnswer } from './write-answer.ts';

export interface OnlineDependencies {
  readonly registries: Registries;
  readonly cache: OnlineCache;
  /** As reader. */
  readonly database: Database;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly answerLimit: AnswerLimit;
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

/** What limits the request travels with the first trip to the cache, and throws rate_limited before anything of it is used. */
export type ReadOnline = (
  ctx: TenantContext,
  request: OnlineRequest,
  limited?: LimitedRequest,
) => Promise<OnlineAnswer>;

/**
 * The online read: plan from memory, one round trip to the cache, one query for all misses, answer; a few of both where the
 * rows are many (read-rows.ts). The cache may be away (Postgres answers) and so may Postgres (the cache answers what it
 * has); what neither can answer is `unavailable` with the views, or with allow_partial a status. Throws as resolving does,
 * and entities_required, too_many_values, payload_too_large.
 */
export function createReadOnline(dependencies: OnlineDependencies): ReadOnline {
  const { registries } = dependencies;
  const trip = {
    ...dependencies,
    readMisses: createReadMisses(dependencies),
    readMissingWindows: createReadMissingWindows(dependencies),
    tripSizes: createTripSizes(),
  };
  return async (ctx, request, limited) => {
    // Looked at before the plan, so that a registry loaded just now is not checked again.
    const isCheckDue = registries.isCheckDue(ctx);
    const plan = readingRegistry(registries, ctx, (registry) => planOf(registry, request));
    return await readPlanned(trip, ctx, request, plan instanceof Promise ? await plan : plan, { isCheckDue, limited });
  };
}

type Trip = OnlineDependencies & {
  readonly readMisses: ReadMisses;
  readonly readMissingWindows: ReadMissingWindows;
  readonly tripSizes: TripSizes;
};

async function readPlanned(
  trip: Trip,
  ctx: TenantContext,
  request: OnlineRequest,
  plan: ReadPlan,
  { isCheckDue, limited }: { readonly isCheckDue: boolean; readonly limited: LimitedRequest | undefined },
): Promise<OnlineAnswer> {
  const bound = bindEntities(plan, request);
  let newer = plan;
  const noteEpoch = async (epoch: number | null): Promise<boolean> => {
    newer = planOf(await trip.registries.noteEpoch(ctx, epoch), request);
    return newer === plan;
  };
  const streams = plannedStreams(trip.registries, ctx, plan);
  const read = await readRows(trip, ctx, plan, bound, {
    allowPartial: request.allow_partial,
    // Not waited for where there is nothing to wait for.
    streams: streams instanceof Promise ? await streams : streams,
    onEpoch: isCheckDue ? noteEpoch : undefined,
    limited,
  });
  if (read === undefined) return readPlanned(trip, ctx, request, newer, { isCheckDue: false, limited: undefined });
  const { stored, unavailable, asOfMicros, hits, misses } = read;
  trip.telemetry.cacheRead(hits, misses);
  reportNewest(trip.telemetry, ctx, plan, bound.entities, stored);
  const answered = {
    stored,
    unavailable,
    asOfMicros,
    bound: bound.rows,
    includeMetadata: request.include_metadata,
    maxBytes: trip.answerLimit.maxBytes,
  };
  const isOne = request.entity_id !== undefined || request.entities !== undefined;
  return {
    text: isOne ? writeOneAnswer(plan, answered) : writeManyAnswer(plan, answered),
    entities: bound.rows.length,
    features: plan.features.length,
    hits,
    misses,
  };
}

function planOf(registry: TenantRegistry, { feature_names, feature_service }: OnlineRequest): ReadPlan {
  return feature_names === undefined
    ? registry.planOfService(feature_service ?? '')
    : registry.planOfNames(feature_names);
}

/** The newest row answered of each view: an entity of old data says nothing of its view. */
function reportNewest(
  telemetry: Telemetry,
  ctx: TenantContext,
  plan: ReadPlan,
  entities: readonly BoundEntity[],
  stored: readonly (StoredRow | undefined)[],
): void {
  const newest = new Array<number>(plan.slots).fill(Number.NEGATIVE_INFINITY);
  for (const { planned, firstPlace } of entities) {
    for (let table = 0; table < planned.tables.length; table++) {
      const micros = stored[firstPlace + table]?.eventMicros ?? Number.NEGATIVE_INFINITY;
      const slot = planned.firstSlot + table;
      if (micros > (newest[slot] ?? micros)) newest[slot] = micros;
    }
  }
  for (const { tables, firstSlot } of plan.entities) {
    for (const [index, { version }] of tables.entries()) {
      const micros = newest[firstSlot + index] ?? Number.NEGATIVE_INFINITY;
      if (Number.isFinite(micros)) telemetry.dataSeen(ctx, version.view, micros);
    }
  }
}
