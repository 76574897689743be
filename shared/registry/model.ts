import type { AggregationFunction } from '../aggregation/index.ts';
import type { Dtype } from '../contract/dtypes.ts';

/** Everything registered by one tenant, as of one epoch. This is what is published, and what readers hold in memory. */
export interface RegistrySnapshot {
  /** Raised by every change. 0: nothing was ever registered. */
  readonly epoch: number;
  readonly views: readonly FeatureView[];
  readonly services: readonly FeatureService[];
  /** Ordered by name, as views and services are. */
  readonly sources: readonly StreamSource[];
}

export interface FeatureView {
  readonly name: string;
  /** From version 1 on, without gaps. */
  readonly versions: readonly ViewVersion[];
}

export interface ViewVersion {
  readonly view: string;
  readonly version: number;
  /** Raised by every feature added in place; rows carry the one they were written under. */
  readonly revision: number;
  readonly entityType: string;
  /** The Postgres table; versions that differ in TTLs alone, or by added features, share it. */
  readonly table: string;
  readonly features: readonly Feature[];
  /** How a stream view makes its features; null for a batch view, whose rows are ingested. */
  readonly stream: StreamDefinition | null;
  readonly ttlHours: number | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly owner: string | null;
  /** Of rows, or of a stream view's tiles. 0 keeps all. */
  readonly retentionDays: number;
  readonly maxStalenessSeconds: number | null;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Feature {
  readonly name: string;
  readonly dtype: Dtype;
  /** Of the feature itself; without one the view's counts. */
  readonly ttlHours: number | null;
  readonly description: string;
  readonly tags: readonly string[];
  /** Place among the table's feature columns, from 0: its place in a stored row. */
  readonly position: number;
  /** Rows of an earlier revision were written before this feature was there. */
  readonly sinceRevision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface StreamDefinition {
  readonly source: string;
  /** The field that is the entity id: of string, int64 or int32. */
  readonly entityKey: string;
  /** CEL over the source's fields; null counts every event. */
  readonly where: string | null;
  /** Such as `30s`; null leaves each window its own. */
  readonly hop: string | null;
  /** In the order of their features' positions. */
  readonly aggregations: readonly StreamAggregation[];
}

/** Makes the feature of the same name. */
export interface StreamAggregation {
  readonly name: string;
  readonly function: AggregationFunction;
  /** Null: `count` of events. */
  readonly field: string | null;
  /** Such as `24h`; null is all of an entity's events. */
  readonly window: string | null;
  /** Of `first_k`, `last_k`, `top_k` alone. */
  readonly k: number | null;
  /** Of `percentile` alone. */
  readonly p: number | null;
  /** That of its feature. */
  readonly position: number;
}

export interface StreamSource {
  readonly name: string;
  /** Raised by every field added. */
  readonly revision: number;
  /** In the order of their columns. */
  readonly fields: readonly SourceField[];
  /** The field, a timestamp, that says when an event happened. */
  readonly eventTime: string;
  /** The field, of string or int64, that tells events apart; null: `event_id` beside the fields. */
  readonly eventId: string | null;
  /** Of raw events. 0 keeps all. */
  readonly retentionDays: number;
  /** How long an event's id is remembered after it came. */
  readonly dedupeDays: number;
  readonly description: string;
  readonly tags: readonly string[];
  readonly owner: string | null;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface SourceField {
  readonly name: string;
  readonly dtype: Dtype;
}

export interface FeatureService {
  readonly name: string;
  readonly versions: readonly ServiceVersion[];
}

export interface ServiceVersion {
  readonly service: string;
  readonly version: number;
  /** As asked for at creation; answers are keyed by these. */
  readonly features: readonly string[];
  /** `view@version:feature`, one for each. */
  readonly pinned: readonly string[];
  readonly description: string;
  readonly tags: readonly string[];
  readonly owner: string | null;
  readonly createdAt: string;
}

export const emptySnapshot: RegistrySnapshot = { epoch: 0, views: [], services: [], sources: [] };

export function newestOf<Version>(versioned: { readonly versions: readonly Version[] }): Version {
  const newest = versioned.versions.at(-1);
  if (newest === undefined) throw new Error('a view or service has at least one version');
  return newest;
}
