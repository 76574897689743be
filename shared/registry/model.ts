import type { Dtype } from '../contract/dtypes.ts';

/** Everything registered by one tenant, as of one epoch. This is what is published, and what readers hold in memory. */
export interface RegistrySnapshot {
  /** Raised by every change. 0: nothing was ever registered. */
  readonly epoch: number;
  readonly views: readonly FeatureView[];
  readonly services: readonly FeatureService[];
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
  readonly ttlHours: number | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly owner: string | null;
  /** 0 keeps all. */
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

export const emptySnapshot: RegistrySnapshot = { epoch: 0, views: [], services: [] };

export function newestOf<Version>(versioned: { readonly versions: readonly Version[] }): Version {
  const newest = versioned.versions.at(-1);
  if (newest === undefined) throw new Error('a view or service has at least one version');
  return newest;
}
