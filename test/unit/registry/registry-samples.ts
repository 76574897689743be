import { registerViewRequestSchema } from '../../../shared/contract/feature-views.ts';
import { type RegisterSourceRequest, registerSourceRequestSchema } from '../../../shared/contract/stream-sources.ts';
import { checkFilter } from '../../../shared/filters/index.ts';
import { decideSourceChange, type SourceChange } from '../../../shared/registry/decide-source-change.ts';
import { decideViewChange, type ViewChange, type ViewDefinition } from '../../../shared/registry/decide-view-change.ts';
import {
  emptySnapshot,
  type FeatureView,
  type StreamSource,
  type ViewVersion,
} from '../../../shared/registry/model.ts';
import { viewDefinitionOf } from '../../../shared/registry/view-definition.ts';

export const firstTime = '2026-06-15T12:00:00.000Z';
export const laterTime = '2026-06-16T12:00:00.000Z';

/** A definition as a request gives it, its defaults filled in by the contract. */
export function definitionOf(given: Readonly<Record<string, unknown>> = {}): ViewDefinition {
  return resolved({
    name: 'profile',
    entity_type: 'user',
    features: [
      { name: 'a', dtype: 'int64' },
      { name: 'b', dtype: 'string' },
    ],
    ...given,
  });
}

/** Of a stream view over `sourceOf()`. */
export function streamDefinitionOf(given: Readonly<Record<string, unknown>> = {}): ViewDefinition {
  return resolved({
    name: 'spend',
    entity_type: 'user',
    source: 'purchases',
    entity_key: 'user_id',
    aggregations: [
      { name: 'spend_24h', function: 'sum', field: 'amount', window: '24h' },
      { name: 'purchases', function: 'count' },
    ],
    ...given,
  });
}

function resolved(request: unknown): ViewDefinition {
  const sources = [sourceOf()];
  return viewDefinitionOf(
    { defaultRetentionDays: 90, checkFilter },
    { ...emptySnapshot, sources },
    registerViewRequestSchema.parse(request),
  );
}

export function sourceRequestOf(given: Readonly<Record<string, unknown>> = {}): RegisterSourceRequest {
  return registerSourceRequestSchema.parse({
    name: 'purchases',
    schema: {
      purchase_id: 'string',
      user_id: 'string',
      shop: 'int32',
      amount: 'float64',
      quantity: 'int64',
      country: 'string',
      is_gift: 'bool',
      bought_at: 'timestamp',
      note: 'json',
      scores: 'float64[]',
    },
    event_time: 'bought_at',
    event_id: 'purchase_id',
    ...given,
  });
}

export function decideSource(
  source: StreamSource | undefined,
  request: RegisterSourceRequest,
  views: readonly FeatureView[] = [],
  now = laterTime,
): SourceChange {
  return decideSourceChange(source, request, views, { defaultRetentionDays: 90, now });
}

export function sourceOf(given: Readonly<Record<string, unknown>> = {}): StreamSource {
  return madeSource(decideSource(undefined, sourceRequestOf(given), [], firstTime));
}

/** The source that a change makes or leaves. */
export function madeSource(change: SourceChange): StreamSource {
  if (!('source' in change)) throw new Error(change.detail);
  return change.source;
}

export function decide(view: FeatureView | undefined, definition: ViewDefinition, now = laterTime): ViewChange {
  return decideViewChange(view, definition, { defaultRetentionDays: 90, now });
}

/** The version that a change makes or leaves. */
export function versionOf(change: ViewChange): ViewVersion {
  if (change.kind === 'conflict') throw new Error(change.detail);
  return change.version;
}

/** A view as these definitions, registered one after the other, leave it. */
export function viewOf(...definitions: readonly ViewDefinition[]): FeatureView {
  let view: FeatureView | undefined;
  for (const definition of definitions) {
    const version = versionOf(decide(view, definition, firstTime));
    const kept = (view?.versions ?? []).filter((existing) => existing.version !== version.version);
    view = { name: definition.name, versions: [...kept, version].sort((a, b) => a.version - b.version) };
  }
  if (view === undefined) throw new Error('a view has a definition');
  return view;
}
