import { FeatureStoreError } from '../contract/errors.ts';
import { toMicros } from '../contract/time.ts';
import { type BatchRequest, batchLimits, type Warning } from '../contract/training.ts';
import { type AnswerLimit, answerTooLarge } from '../platform/answer-limit.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import {
  beyondRetention,
  type PlannedTable,
  type ReadPlan,
  type Registries,
  readingRegistry,
  type TenantRegistry,
} from '../registry/index.ts';
import { findStreamPlan, type StreamPlan } from '../tiles/index.ts';
import { statusOf } from '../values/index.ts';
import { createFindIncomplete } from './find-incomplete.ts';
import { parseSpine, type SpineRow } from './parse-spine.ts';
import { type RowAt, readSpine } from './read-spine.ts';

export interface BatchDependencies {
  readonly registries: Registries;
  readonly database: Database;
  readonly clock: Clock;
  readonly answerLimit: AnswerLimit;
}

export interface BatchAnswer {
  /** The answer as JSON text. */
  readonly text: string;
  readonly rows: number;
  readonly features: number;
}

export type ReadBatch = (ctx: TenantContext, request: BatchRequest) => Promise<BatchAnswer>;

/**
 * Point-in-time reads: for each input row the values as they were at its timestamp, and with `known_at` as they were known
 * then. One answer row per input row, in order. One set-based query per view as a rule. Throws as
 * resolving does, too_many_values, entities_required, invalid_time, payload_too_large, and unavailable with the views.
 */
export function createReadBatch({ registries, database, clock, answerLimit }: BatchDependencies): ReadBatch {
  const findIncomplete = createFindIncomplete(database);

  return async (ctx, request) => {
    await registries.fresh(ctx);
    const plan = await readingRegistry(registries, ctx, (registry) => planOf(registry, request));
    refuseTooManyValues(plan, request);
    const spine = parseSpine(plan, request);
    const knownAtMicros = request.known_at === undefined ? undefined : toMicros(request.known_at);
    const { maxBytes } = answerLimit;
    const streams = await streamsOf(registries, ctx, plan);
    // Before the tiles are read: what is counted by then is in them.
    const incomplete = await findIncomplete(ctx, streams);
    const rowAt = await readSpine(database, ctx, plan, spine, { knownAtMicros, maxAnswerBytes: maxBytes, streams });
    return {
      text: writeAnswer(
        plan,
        spine,
        rowAt,
        [...warningsOf(plan, spine, streams, clock.nowMicros()), ...incomplete],
        maxBytes,
      ),
      rows: spine.length,
      features: plan.features.length,
    };
  };
}

function planOf(registry: TenantRegistry, { feature_names, feature_service }: BatchRequest): ReadPlan {
  return feature_names === undefined
    ? registry.planOfService(feature_service ?? '')
    : registry.planOfNames(feature_names);
}

async function streamsOf(
  registries: Registries,
  ctx: TenantContext,
  plan: ReadPlan,
): Promise<Map<PlannedTable, StreamPlan>> {
  const streams = new Map<PlannedTable, StreamPlan>();
  for (const planned of plan.entities.flatMap(({ tables }) => tables)) {
    const { version } = planned;
    if (version.stream !== null) streams.set(planned, await findStreamPlan(registries, ctx, version));
  }
  return streams;
}

function refuseTooManyValues(plan: ReadPlan, { entity_ids, entity_rows }: BatchRequest): void {
  const values = (entity_ids ?? entity_rows ?? []).length * plan.features.length;
  if (values <= batchLimits.values) return;
  throw new FeatureStoreError('too_many_values', `at most ${batchLimits.values} values in one request, not ${values}`);
}

/** One for each view of which rows that old may have been dropped. */
function warningsOf(
  plan: ReadPlan,
  spine: readonly SpineRow[],
  streams: ReadonlyMap<PlannedTable, StreamPlan>,
  nowMicros: number,
): Warning[] {
  const earliest = spine.reduce((least, { asOfMicros }) => Math.min(least, asOfMicros), Number.POSITIVE_INFINITY);
  const warnings = new Map<string, Warning>();
  for (const planned of plan.entities.flatMap(({ tables }) => tables)) {
    const { version } = planned;
    const warning = beyondRetention(version, earliest, nowMicros, streams.get(planned)?.source);
    if (warning !== undefined) warnings.set(version.view, warning);
  }
  return [...warnings.values()];
}

function writeAnswer(
  plan: ReadPlan,
  spine: readonly SpineRow[],
  rowAt: RowAt,
  warnings: readonly Warning[],
  maxBytes: number,
): string {
  let length = 0;
  const rows = spine.map(({ echo, asOfMicros }, index) => {
    let features = '';
    let statuses = '';
    for (const { jsonName, feature, slot, ttlMicros } of plan.distinctFeatures) {
      const row = rowAt(slot, index);
      const status = statusOf(row, feature.position, ttlMicros, asOfMicros);
      const value = status === 'PRESENT' ? row?.values[feature.position] : 'null';
      const separator = features === '' ? '' : ',';
      features += `${separator}${jsonName}:${value}`;
      statuses += `${separator}${jsonName}:"${status}"`;
      if (length + features.length > maxBytes) throw answerTooLarge(maxBytes);
    }
    length += features.length + statuses.length;
    return `{${JSON.stringify(echo).slice(1, -1)},"features":{${features}},"statuses":{${statuses}}}`;
  });
  const names = plan.features.map(({ jsonName }) => jsonName).join(',');
  const warned = warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`;
  return `{"feature_names":[${names}],"rows":[${rows.join(',')}]${warned}}`;
}
