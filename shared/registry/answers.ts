import type { ServiceAnswer } from '../contract/feature-services.ts';
import type { ViewAnswer } from '../contract/feature-views.ts';
import type { FeatureAnswer } from '../contract/features.ts';
import type { SourceAnswer } from '../contract/stream-sources.ts';
import type { ServiceVersion, StreamSource, ViewVersion } from './model.ts';
import type { ResolvedFeature } from './resolve.ts';

/** The registry's things as the HTTP contract shows them. */

export function viewAnswer(version: ViewVersion): ViewAnswer {
  return {
    name: version.view,
    version: version.version,
    revision: version.revision,
    entity_type: version.entityType,
    features: version.features.map(({ name, dtype, ttlHours, description, tags }) => ({
      name,
      dtype,
      ttl_hours: ttlHours,
      description,
      tags: [...tags],
    })),
    ttl_hours: version.ttlHours,
    description: version.description,
    tags: [...version.tags],
    owner: version.owner,
    retention_days: version.retentionDays,
    max_staleness_seconds: version.maxStalenessSeconds,
    ...streamAnswer(version.stream),
    created_at: version.createdAt,
    updated_at: version.updatedAt,
  };
}

function streamAnswer(stream: ViewVersion['stream']) {
  if (stream === null) return {};
  return {
    source: stream.source,
    entity_key: stream.entityKey,
    where: stream.where,
    hop: stream.hop,
    aggregations: stream.aggregations.map(({ position: _, ...aggregation }) => aggregation),
  };
}

export function sourceAnswer(source: StreamSource): SourceAnswer {
  return {
    name: source.name,
    revision: source.revision,
    schema: Object.fromEntries(source.fields.map(({ name, dtype }) => [name, dtype])),
    event_time: source.eventTime,
    event_id: source.eventId,
    retention_days: source.retentionDays,
    dedupe_days: source.dedupeDays,
    description: source.description,
    tags: [...source.tags],
    owner: source.owner,
    created_at: source.createdAt,
    updated_at: source.updatedAt,
  };
}

/** `ttl_hours` is what counts for the feature: its own, else its view's. */
export function featureAnswer({ version, feature }: ResolvedFeature): FeatureAnswer {
  return {
    name: feature.name,
    version: version.version,
    view: version.view,
    entity_type: version.entityType,
    dtype: feature.dtype,
    ttl_hours: feature.ttlHours ?? version.ttlHours,
    description: feature.description,
    tags: [...feature.tags],
    created_at: feature.createdAt,
    updated_at: feature.updatedAt,
  };
}

export function serviceAnswer(version: ServiceVersion): ServiceAnswer {
  return {
    name: version.service,
    version: version.version,
    features: [...version.features],
    pinned: [...version.pinned],
    description: version.description,
    tags: [...version.tags],
    owner: version.owner,
    created_at: version.createdAt,
  };
}
