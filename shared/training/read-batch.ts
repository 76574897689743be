import { FeatureStoreError } from '../contract/errors.ts';
import { formatMicros, toMicros } from '../contract/time.ts';
import { type BatchRequest, batchLimits } from '../contract/training.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import { type ReadPlan, type Registries, readingRegistry, type TenantRegistry } from '../registry/index.ts';
import { readAsOf, type StoredRow, statusOf } from '../values/index.ts';
import { parseSpine, type SpineRow } from './parse-spine.ts';

export interface BatchDependencies {
  readonly registries: Registries;
  readonly database: Database;
  readonly clock: Clock;
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
 * then. One answer row per input row, in order. One set-based query per view. Throws as resolving does,
 * too_many_values, entities_required, invalid_time, and unavailable with the views.
 */
export function createReadBatch({ registries, database, clock }: BatchDependencies): ReadBatch {
  return async (ctx, request) => {
    await registries.fresh(ctx);
    const plan = await readingRegistry(registries, ctx, (registry) => planOf(registry, request));
    refuseTooManyValues(plan, request);
    const spine = parseSpine(plan, request);
    const knownAtMicros = request.known_at === undefined ? undefined : toMicros(request.known_at);
    const stored = await readTables(database, ctx, plan, spine, knownAtMicros);
    return {
      text: writeAnswer(plan, spine, stored, beyondRetention(plan, spine, clock.nowMicros())),
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

function refuseTooManyValues(plan: ReadPlan, { entity_ids, entity_rows }: BatchRequest): void {
  const values = (entity_ids ?? entity_rows ?? []).length * plan.features.length;
  if (values <= batchLimits.values) return;
  throw new FeatureStoreError('too_many_values', `at most ${batchLimits.values} values in one request, not ${values}`);
}

/** By slot of the plan: for each spine row the stored row that counts. */
function readTables(
  database: Database,
  ctx: TenantContext,
  plan: ReadPlan,
  rows: readonly SpineRow[],
  knownAtMicros: number | undefined,
): Promise<(StoredRow | undefined)[][]> {
  const asOfMicros = rows.map((row) => row.asOfMicros);
  const reads = plan.entities.flatMap(({ tables }, entity) => {
    const spine = { asOfMicros, entityIds: rows.map(({ entityIds }) => entityIds[entity] ?? '') };
    return tables.map(async ({ table, features, version }) => {
      try {
        return await readAsOf(database, ctx, { table, features, spine, knownAtMicros });
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        throw new FeatureStoreError(
          'unavailable',
          `Postgres cannot answer ${version.view} now`,
          { views: [version.view] },
          { cause: error },
        );
      }
    });
  });
  return Promise.all(reads);
}

interface Warning {
  readonly code: 'beyond_retention';
  readonly view: string;
  readonly horizon: string;
}

const microsPerDay = 86_400_000_000;

/** Views of which rows that old may have been dropped. */
function beyondRetention(plan: ReadPlan, spine: readonly SpineRow[], nowMicros: number): Warning[] {
  const earliest = spine.reduce((least, { asOfMicros }) => Math.min(least, asOfMicros), Number.POSITIVE_INFINITY);
  const warnings = new Map<string, Warning>();
  for (const { version } of plan.entities.flatMap(({ tables }) => tables)) {
    const horizon = nowMicros - version.retentionDays * microsPerDay;
    if (version.retentionDays === 0 || earliest >= horizon) continue;
    warnings.set(version.view, { code: 'beyond_retention', view: version.view, horizon: formatMicros(horizon) });
  }
  return [...warnings.values()];
}

function writeAnswer(
  plan: ReadPlan,
  spine: readonly SpineRow[],
  stored: readonly (readonly (StoredRow | undefined)[])[],
  warnings: readonly Warning[],
): string {
  const rows = spine.map(({ echo, asOfMicros }, index) => {
    let features = '';
    let statuses = '';
    for (const { jsonName, feature, slot, ttlMicros } of plan.distinctFeatures) {
      const row = stored[slot]?.[index];
      const status = statusOf(row, feature.position, ttlMicros, asOfMicros);
      const value = status === 'PRESENT' ? row?.values[feature.position] : 'null';
      const separator = features === '' ? '' : ',';
      features += `${separator}${jsonName}:${value}`;
      statuses += `${separator}${jsonName}:"${status}"`;
    }
    return `{${JSON.stringify(echo).slice(1, -1)},"features":{${features}},"statuses":{${statuses}}}`;
  });
  const names = plan.features.map(({ jsonName }) => jsonName).join(',');
  const warned = warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`;
  return `{"feature_names":[${names}],"rows":[${rows.join(',')}]${warned}}`;
}
