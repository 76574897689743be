import { type RegisterViewRequest, registerViewRequestSchema } from '../../../shared/contract/feature-views.ts';
import { decideViewChange, type ViewChange } from '../../../shared/registry/decide-view-change.ts';
import type { FeatureView, ViewVersion } from '../../../shared/registry/model.ts';

export const firstTime = '2026-06-15T12:00:00.000Z';
export const laterTime = '2026-06-16T12:00:00.000Z';

/** A definition as a request gives it, its defaults filled in by the contract. */
export function definitionOf(given: Readonly<Record<string, unknown>> = {}): RegisterViewRequest {
  return registerViewRequestSchema.parse({
    name: 'profile',
    entity_type: 'user',
    features: [
      { name: 'a', dtype: 'int64' },
      { name: 'b', dtype: 'string' },
    ],
    ...given,
  });
}

export function decide(view: FeatureView | undefined, definition: RegisterViewRequest, now = laterTime): ViewChange {
  return decideViewChange(view, definition, { defaultRetentionDays: 90, now });
}

/** The version that a change makes or leaves. */
export function versionOf(change: ViewChange): ViewVersion {
  if (change.kind === 'conflict') throw new Error(change.detail);
  return change.version;
}

/** A view as these definitions, registered one after the other, leave it. */
export function viewOf(...definitions: readonly RegisterViewRequest[]): FeatureView {
  let view: FeatureView | undefined;
  for (const definition of definitions) {
    const version = versionOf(decide(view, definition, firstTime));
    const kept = (view?.versions ?? []).filter((existing) => existing.version !== version.version);
    view = { name: definition.name, versions: [...kept, version].sort((a, b) => a.version - b.version) };
  }
  if (view === undefined) throw new Error('a view has a definition');
  return view;
}
