import type { BatchViewRequest, FeatureDefinition } from '../contract/feature-views.ts';
import { type Feature, type FeatureView, newestOf, type StreamDefinition, type ViewVersion } from './model.ts';
import { streamDifferences } from './stream-differences.ts';

/** What is asked for: of a stream view with the features that its aggregations make. */
export interface ViewDefinition extends BatchViewRequest {
  readonly stream: StreamDefinition | null;
}

export interface ViewChangeSettings {
  readonly defaultRetentionDays: number;
  /** RFC 3339. */
  readonly now: string;
}

/** What registering a definition does. */
export type ViewChange =
  /** The identical thing again. */
  | { readonly kind: 'none'; readonly version: ViewVersion }
  /** Description, tags, owner, retention or staleness: in place, 200. */
  | { readonly kind: 'described'; readonly version: ViewVersion }
  /** More features in the newest version: in place, revision + 1, 201. */
  | { readonly kind: 'extended'; readonly version: ViewVersion; readonly added: readonly Feature[] }
  /** A new version; over the table of the one before where that table can hold it. */
  | {
      readonly kind: 'versioned';
      readonly version: ViewVersion;
      readonly added: readonly Feature[];
      readonly ownTable: boolean;
    }
  /** An explicit version that is neither an existing one nor the next. */
  | { readonly kind: 'conflict'; readonly detail: string; readonly differences: readonly string[] };

/** The versioning rule of docs/registry.md, pure: what the view is now and what is asked for, to what happens. */
export function decideViewChange(
  view: FeatureView | undefined,
  definition: ViewDefinition,
  settings: ViewChangeSettings,
): ViewChange {
  if (view === undefined) {
    const { version = 1 } = definition;
    if (version !== 1) return conflict(`${definition.name} does not exist yet: its first version is 1, not ${version}`);
    return newVersion(undefined, definition, settings);
  }
  const newest = newestOf(view);
  const asked = definition.version;
  if (asked === undefined) return againstNewest(newest, definition, settings);
  const existing = view.versions[asked - 1];
  if (existing === newest) return inPlaceOnly(newest, definition, settings);
  if (existing !== undefined) {
    const differences = differencesBetween(existing, definition);
    return differences.length === 0
      ? described(existing, definition, settings)
      : conflict(`version ${asked} of ${view.name} is registered otherwise`, differences);
  }
  if (asked === newest.version + 1) return newVersion(newest, definition, settings);
  return conflict(
    `the newest version of ${view.name} is ${newest.version}: the next is ${newest.version + 1}, not ${asked}`,
  );
}

function againstNewest(newest: ViewVersion, definition: ViewDefinition, settings: ViewChangeSettings): ViewChange {
  const change = inPlaceOnly(newest, definition, settings);
  return change.kind === 'conflict' ? newVersion(newest, definition, settings) : change;
}

function inPlaceOnly(newest: ViewVersion, definition: ViewDefinition, settings: ViewChangeSettings): ViewChange {
  const differences = differencesBetween(newest, definition);
  const added = definition.features.filter(({ name }) => !newest.features.some((feature) => feature.name === name));
  // What an aggregation would have counted until now is in no tile.
  if (differences.length > added.length || (definition.stream !== null && added.length > 0)) {
    return conflict(`version ${newest.version} of ${newest.view} is registered otherwise`, differences);
  }
  if (added.length === 0) return described(newest, definition, settings);
  const revision = newest.revision + 1;
  const columns = added.map((feature, index) =>
    newFeature(feature, newest.features.length + index, revision, settings.now),
  );
  const kept = describedFeatures(newest, definition, settings.now);
  return {
    kind: 'extended',
    added: columns,
    version: {
      ...newest,
      ...describedMembers(definition, settings),
      revision,
      features: [...kept, ...columns],
      updatedAt: settings.now,
    },
  };
}

function described(existing: ViewVersion, definition: ViewDefinition, settings: ViewChangeSettings): ViewChange {
  const features = describedFeatures(existing, definition, settings.now);
  const version: ViewVersion = { ...existing, ...describedMembers(definition, settings), features };
  if (JSON.stringify(version) === JSON.stringify(existing)) return { kind: 'none', version: existing };
  return { kind: 'described', version: { ...version, updatedAt: settings.now } };
}

function newVersion(
  newest: ViewVersion | undefined,
  definition: ViewDefinition,
  settings: ViewChangeSettings,
): ViewChange {
  const version = (newest?.version ?? 0) + 1;
  const made = (
    table: string,
    revision: number,
    features: readonly Feature[],
    stream: StreamDefinition | null,
  ): ViewVersion => ({
    view: definition.name,
    version,
    revision,
    entityType: definition.entity_type,
    table,
    features,
    stream,
    ttlHours: definition.ttl_hours,
    ...describedMembers(definition, settings),
    createdAt: settings.now,
    updatedAt: settings.now,
  });
  if (newest !== undefined && canShareTable(newest, definition)) {
    const kept = newest.features.map((feature) => ({
      ...feature,
      ttlHours: definitionOf(definition, feature).ttl_hours,
    }));
    const added = definition.features.filter(({ name }) => !newest.features.some((feature) => feature.name === name));
    const revision = newest.revision + (added.length > 0 ? 1 : 0);
    const columns = added.map((feature, index) => newFeature(feature, kept.length + index, revision, settings.now));
    const features = [...describedFeatures({ ...newest, features: kept }, definition, settings.now), ...columns];
    return {
      kind: 'versioned',
      version: made(newest.table, revision, features, newest.stream),
      added: columns,
      ownTable: false,
    };
  }
  const features = definition.features.map((feature, position) => newFeature(feature, position, 1, settings.now));
  return {
    kind: 'versioned',
    version: made(`${definition.name}_v${version}`, 1, features, definition.stream),
    added: features,
    ownTable: true,
  };
}

/**
 * Rows of the newest version can be read under the definition: nothing removed, no dtype nor the entity type changed. Tiles
 * hold what the aggregations that they were made for need, and no more.
 */
function canShareTable(newest: ViewVersion, definition: ViewDefinition): boolean {
  if (newest.entityType !== definition.entity_type) return false;
  if (streamDifferences(newest.stream, definition.stream).length > 0) return false;
  if (definition.stream !== null && definition.features.length > newest.features.length) return false;
  return newest.features.every(({ name, dtype }) =>
    definition.features.some((feature) => feature.name === name && feature.dtype === dtype),
  );
}

/** What makes the definition another than the version, one sentence each. Order of features and descriptions do not. */
function differencesBetween(version: ViewVersion, definition: ViewDefinition): string[] {
  const differences: string[] = [];
  if (version.entityType !== definition.entity_type) {
    differences.push(`entity_type is ${version.entityType}, not ${definition.entity_type}`);
  }
  differences.push(...streamDifferences(version.stream, definition.stream));
  if (version.ttlHours !== definition.ttl_hours)
    differences.push(`ttl_hours is ${version.ttlHours}, not ${definition.ttl_hours}`);
  const before = new Map(version.features.map((feature) => [feature.name, feature]));
  for (const { name, dtype, ttl_hours } of definition.features) {
    const feature = before.get(name);
    before.delete(name);
    if (feature === undefined) differences.push(`feature ${name} is not in it`);
    else {
      if (feature.dtype !== dtype) differences.push(`dtype of ${name} is ${feature.dtype}, not ${dtype}`);
      if (feature.ttlHours !== ttl_hours)
        differences.push(`ttl_hours of ${name} is ${feature.ttlHours}, not ${ttl_hours}`);
    }
  }
  for (const name of before.keys()) differences.push(`feature ${name} is missing`);
  return differences;
}

function describedMembers(definition: ViewDefinition, settings: ViewChangeSettings) {
  return {
    description: definition.description,
    tags: definition.tags,
    owner: definition.owner,
    retentionDays: definition.retention_days ?? settings.defaultRetentionDays,
    maxStalenessSeconds: definition.max_staleness_seconds,
  };
}

function describedFeatures(version: ViewVersion, definition: ViewDefinition, now: string): Feature[] {
  return version.features.map((feature) => {
    const { description, tags } = definitionOf(definition, feature);
    const same = description === feature.description && JSON.stringify(tags) === JSON.stringify(feature.tags);
    return same ? feature : { ...feature, description, tags, updatedAt: now };
  });
}

function definitionOf(definition: ViewDefinition, { name }: Feature): FeatureDefinition {
  const found = definition.features.find((feature) => feature.name === name);
  if (found === undefined) throw new Error(`the definition lacks feature ${name}`);
  return found;
}

function newFeature(definition: FeatureDefinition, position: number, sinceRevision: number, now: string): Feature {
  return {
    name: definition.name,
    dtype: definition.dtype,
    ttlHours: definition.ttl_hours,
    description: definition.description,
    tags: definition.tags,
    position,
    sinceRevision,
    createdAt: now,
    updatedAt: now,
  };
}

function conflict(detail: string, differences: readonly string[] = []): ViewChange {
  return {
    kind: 'conflict',
    detail: differences.length === 0 ? detail : `${detail}: ${differences.join('; ')}`,
    differences,
  };
}
