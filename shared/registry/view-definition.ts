import { compileFoldPlan, type FoldPlan, type PlanError } from '../aggregation/index.ts';
import { FeatureStoreError } from '../contract/errors.ts';
import type { RegisterViewRequest, StreamViewRequest } from '../contract/feature-views.ts';
import type { ViewDefinition } from './decide-view-change.ts';
import type { RegistrySnapshot, SourceField, StreamDefinition, StreamSource } from './model.ts';

export interface ViewDefinitionRules {
  readonly defaultRetentionDays: number;
  readonly checkFilter: (fields: readonly SourceField[], text: string) => string | undefined;
}

/** What may be an entity id. */
const keyDtypes: readonly string[] = ['string', 'int64', 'int32'];
const microsPerDay = 86_400_000_000;

/**
 * The definition that a request asks for, a stream view's held against its source. Throws source_not_found, invalid_request
 * (its key), invalid_filter, invalid_window, invalid_aggregation.
 */
export function viewDefinitionOf(
  rules: ViewDefinitionRules,
  current: RegistrySnapshot,
  request: RegisterViewRequest,
): ViewDefinition {
  if (!('stream' in request)) return { ...request, stream: null };
  const { stream: asked, ...common } = request;
  const source = current.sources.find(({ name }) => name === asked.source);
  if (source === undefined) {
    throw new FeatureStoreError('source_not_found', `there is no stream source ${asked.source}`);
  }
  refuseKey(source, asked.entity_key);
  refuseFilter(rules, source, asked.where);
  const stream = streamOf(asked);
  const plan = planOf(source, stream);
  refuseLongWindows(stream, plan, `stream source ${source.name}`, source.retentionDays);
  refuseLongWindows(stream, plan, 'retention_days', request.retention_days ?? rules.defaultRetentionDays);
  const features = asked.aggregations.map(({ name, ttl_hours, description, tags }, place) => {
    const made = plan.features[place];
    if (made === undefined) throw new Error(`the plan lacks the feature ${name}`);
    return { name, dtype: made.dtype, ttl_hours, description, tags };
  });
  return { ...common, features, stream };
}

function streamOf(asked: StreamViewRequest['stream']): StreamDefinition {
  return {
    source: asked.source,
    entityKey: asked.entity_key,
    where: asked.where,
    hop: asked.hop,
    aggregations: asked.aggregations.map(({ name, function: computes, field, window, k, p }, position) => ({
      name,
      function: computes,
      field,
      window,
      k,
      p,
      position,
    })),
  };
}

function refuseKey({ name, fields }: StreamSource, key: string): void {
  const dtype = fields.find((field) => field.name === key)?.dtype;
  if (dtype !== undefined && keyDtypes.includes(dtype)) return;
  const is = dtype === undefined ? `no field of ${name}` : `of ${dtype}`;
  throw new FeatureStoreError(
    'invalid_request',
    `entity_key: a field of ${keyDtypes.join(', ')} is needed; ${key} is ${is}`,
  );
}

function refuseFilter({ checkFilter }: ViewDefinitionRules, { fields }: StreamSource, where: string | null): void {
  const refusal = where === null ? undefined : checkFilter(fields, where);
  if (refusal !== undefined) throw new FeatureStoreError('invalid_filter', `where: ${refusal}`);
}

function planOf({ fields }: StreamSource, { hop, aggregations }: StreamDefinition): FoldPlan {
  const plan = compileFoldPlan({
    aggregations: aggregations.map(({ function: computes, field, window, k, p }) => ({
      function: computes,
      field: field ?? undefined,
      window: window ?? undefined,
      k: k ?? undefined,
      p: p ?? undefined,
    })),
    schema: Object.fromEntries(fields.map(({ name, dtype }) => [name, dtype])),
    hop: hop ?? undefined,
  });
  if (!Array.isArray(plan)) return plan;
  const told = plan.slice(0, 5).map(({ index, detail }: PlanError) => {
    return `${index === undefined ? 'hop' : (aggregations[index]?.name ?? index)}: ${detail}`;
  });
  if (plan.length > told.length) told.push(`and ${plan.length - told.length} more`);
  throw new FeatureStoreError(plan[0]?.code ?? 'invalid_aggregation', told.join('; '));
}

/** What is kept for a shorter time cannot be counted; 0 days keep all. A window of all events counts what was dropped too. */
function refuseLongWindows(stream: StreamDefinition, plan: FoldPlan, keeper: string, days: number): void {
  if (days === 0) return;
  for (const [place, { window }] of plan.features.entries()) {
    if (window === null || window.windowMicros <= days * microsPerDay) continue;
    const { name, window: text } = stream.aggregations[place] ?? {};
    throw new FeatureStoreError(
      'invalid_window',
      `${name}: a window of ${text} is longer than the ${days} days of ${keeper}`,
    );
  }
}
