import { FeatureStoreError } from '../contract/errors.ts';
import { featureReferencePattern, namePattern, versionedNamePattern } from '../contract/names.ts';
import {
  type Feature,
  type FeatureService,
  type FeatureView,
  newestOf,
  type ServiceVersion,
  type StreamSource,
  type ViewVersion,
} from './model.ts';

export interface ResolvedFeature {
  readonly version: ViewVersion;
  readonly feature: Feature;
}

export interface NameIndex {
  readonly views: ReadonlyMap<string, FeatureView>;
  readonly viewsByFeature: ReadonlyMap<string, readonly ViewVersion[]>;
}

export function viewsByFeature(newestVersions: readonly ViewVersion[]): Map<string, ViewVersion[]> {
  const found = new Map<string, ViewVersion[]>();
  for (const version of newestVersions) {
    for (const { name } of version.features) {
      const others = found.get(name);
      if (others === undefined) found.set(name, [version]);
      else others.push(version);
    }
  }
  return found;
}

/**
 * `age` where one view's newest version has it, `user_profile:age` (newest version), `user_profile@2:age`.
 * Throws invalid_name, feature_not_found, view_not_found and, with `candidates`, ambiguous_feature.
 */
export function resolveFeature(index: NameIndex, reference: string): ResolvedFeature {
  const match = featureReferencePattern.exec(reference);
  if (match === null) {
    throw new FeatureStoreError(
      'invalid_name',
      `${quote(reference)} is not a feature name: write feature, view:feature or view@version:feature`,
    );
  }
  const [, view, version, name = ''] = match;
  return view === undefined ? resolveBareName(index, name) : resolveInView(index, reference, view, version, name);
}

export function resolveView(index: NameIndex, name: string): ViewVersion {
  const [view, version] = parseVersionedName(name, 'feature view');
  const found = index.views.get(view);
  if (found === undefined) throw new FeatureStoreError('view_not_found', `there is no feature view ${name}`);
  const chosen = version === undefined ? newestOf(found) : found.versions[version - 1];
  if (chosen === undefined)
    throw new FeatureStoreError('view_not_found', `feature view ${view} has no version ${version}`);
  return chosen;
}

export function resolveService(services: ReadonlyMap<string, FeatureService>, name: string): ServiceVersion {
  const [service, version] = parseVersionedName(name, 'feature service');
  const found = services.get(service);
  if (found === undefined) throw new FeatureStoreError('service_not_found', `there is no feature service ${name}`);
  const chosen = version === undefined ? newestOf(found) : found.versions[version - 1];
  if (chosen === undefined) {
    throw new FeatureStoreError('service_not_found', `feature service ${service} has no version ${version}`);
  }
  return chosen;
}

/** A source has no versions: it is `name`. */
export function resolveSource(sources: ReadonlyMap<string, StreamSource>, name: string): StreamSource {
  if (!namePattern.test(name)) {
    throw new FeatureStoreError('invalid_name', `${quote(name)} is not the name of a stream source`);
  }
  const found = sources.get(name);
  if (found === undefined) throw new FeatureStoreError('source_not_found', `there is no stream source ${name}`);
  return found;
}

export function referenceOf({ version, feature }: ResolvedFeature): string {
  return `${version.view}@${version.version}:${feature.name}`;
}

function resolveBareName(index: NameIndex, name: string): ResolvedFeature {
  const [only, ...others] = index.viewsByFeature.get(name) ?? [];
  if (only === undefined) throw new FeatureStoreError('feature_not_found', `there is no feature ${name}`);
  if (others.length > 0) {
    const candidates = [only, ...others].map((version) => `${version.view}:${name}`);
    throw new FeatureStoreError(
      'ambiguous_feature',
      `several views have a feature ${name}: name one of ${candidates.join(', ')}`,
      {
        candidates,
      },
    );
  }
  return { version: only, feature: featureOf(only, name, name) };
}

function resolveInView(index: NameIndex, reference: string, view: string, version: string | undefined, name: string) {
  const chosen = resolveView(index, version === undefined ? view : `${view}@${version}`);
  return { version: chosen, feature: featureOf(chosen, name, reference) };
}

function featureOf(version: ViewVersion, name: string, reference: string): Feature {
  const feature = version.features.find((candidate) => candidate.name === name);
  if (feature === undefined) {
    throw new FeatureStoreError(
      'feature_not_found',
      `there is no feature ${reference}: ${version.view} version ${version.version} does not have it`,
    );
  }
  return feature;
}

function parseVersionedName(name: string, what: string): [name: string, version: number | undefined] {
  const match = versionedNamePattern.exec(name);
  if (match === null)
    throw new FeatureStoreError(
      'invalid_name',
      `${quote(name)} is not the name of a ${what}: write name or name@version`,
    );
  const [, base = '', version] = match;
  return [base, version === undefined ? undefined : Number(version)];
}

/** What a caller sent, short enough to send back. */
function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text.toWellFormed());
}
