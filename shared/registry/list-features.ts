import type { ListFeaturesQuery } from '../contract/features.ts';
import { newestOf } from './model.ts';
import { byName, type Page, pageOf } from './page.ts';
import { type ResolvedFeature, resolveFeature } from './resolve.ts';
import type { TenantRegistry } from './tenant-registry.ts';

/** Features of the newest view versions that match every filter, ordered by name, then view. */
export function listFeatures(registry: TenantRegistry, query: ListFeaturesQuery): Page<ResolvedFeature> {
  const part = query.q?.toLowerCase();
  const matching: ResolvedFeature[] = [];
  for (const view of registry.snapshot.views) {
    const version = newestOf(view);
    if (query.entity_type !== undefined && version.entityType !== query.entity_type) continue;
    if (query.view !== undefined && version.view !== query.view) continue;
    for (const feature of version.features) {
      if (query.tag !== undefined && !feature.tags.includes(query.tag) && !version.tags.includes(query.tag)) continue;
      const isFound =
        part === undefined ||
        feature.name.toLowerCase().includes(part) ||
        feature.description.toLowerCase().includes(part);
      if (isFound) matching.push({ version, feature });
    }
  }
  const key = ({ version, feature }: ResolvedFeature): string => `${feature.name}:${version.view}`;
  return pageOf(
    matching.sort((a, b) => byName(key(a), key(b))),
    key,
    query,
  );
}

/** A feature and all versions of its view that have it, newest first. Throws as resolveFeature does. */
export function getFeature(
  registry: TenantRegistry,
  name: string,
): { chosen: ResolvedFeature; versions: ResolvedFeature[] } {
  const chosen = resolveFeature(registry, name);
  const versions = (registry.views.get(chosen.version.view)?.versions ?? []).flatMap((version) => {
    const feature = version.features.find((candidate) => candidate.name === chosen.feature.name);
    return feature === undefined ? [] : [{ version, feature }];
  });
  return { chosen, versions: versions.reverse() };
}
