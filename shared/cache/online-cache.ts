import type { LimitAnswer, LimitBucket } from './take-from-buckets.ts';

/**
 * The online cache: a projection of what Postgres holds, that may be lost at any moment. One hash per entity, one field
 * per view table. Three drivers: RESP (Redis or Valkey, single or cluster), Upstash's HTTP, and in memory.
 */
export interface OnlineCache {
  /**
   * Reads fields of entities, and what is sent along, in one round trip. Answers in the order of `reads`, each with one
   * stored text or null per field.
   */
  read(reads: readonly EntityRead[], along: readonly SideCommand[]): Promise<CacheAnswer>;
  /**
   * Stores each entry unless the cache holds a newer row for it (by event time, then created at). An equal row stays.
   * A mark of absence (entry.ts) never replaces a row.
   */
  writeNewest(entries: readonly CacheEntry[], reason?: WriteReason): Promise<void>;
  /** Drops everything of an entity. Whether there was anything. */
  invalidate(tenantId: string, entityType: string, entityId: string): Promise<boolean>;
  /** Stores the epoch of the tenant's registry unless a greater one stands there. */
  publishEpoch(tenantId: string, epoch: number): Promise<void>;
  /** Throws unless the cache answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * `projection`: Postgres has just committed it, so a cache that does not take it is out of date. Else it fills what was not
 * there, and without it the cache is as right as before.
 */
export type WriteReason = 'projection';

export interface EntityRead {
  readonly tenantId: string;
  readonly entityType: string;
  readonly entityId: string;
  /** Names of view tables. */
  readonly fields: readonly string[];
  /**
   * Whether each field may be as it was a moment ago, where the cache is set up to answer so (hold-reads.ts). Not the fields
   * of a stream view, which tell something together alone.
   */
  readonly mayBeHeld?: boolean;
}

export interface CacheEntry {
  readonly tenantId: string;
  readonly entityType: string;
  readonly entityId: string;
  readonly field: string;
  /** A row `[event_time_us,created_at_us,…]` as JSON text, or a mark of absence. */
  readonly stored: string;
}

/** A command that travels with a read: at most one of a limit. */
export type SideCommand = EpochCommand | LimitCommand;

/** Asks for the epoch of the tenant's registry. */
export interface EpochCommand {
  readonly kind: 'epoch';
  readonly tenantId: string;
}

/** Takes one request from all buckets, or from none of them. Best made once for many requests: what is sent of it is kept. */
export interface LimitCommand {
  readonly kind: 'limit';
  readonly tenantId: string;
  readonly buckets: readonly LimitBucket[];
}

export interface CacheAnswer {
  readonly reads: readonly (readonly (string | null)[])[];
  /** One answer per side command, in order. */
  readonly along: readonly SideAnswer[];
}

/**
 * The epoch, or null where none is known; of a limit null where a read was answered without it, as of a cluster that has lost
 * the limit's node alone.
 */
export type SideAnswer = number | LimitAnswer | null;

export interface CacheOptions {
  /** Seconds after which an entity that was neither written nor filled is forgotten. 0 keeps nothing: no cache. */
  readonly ttlSeconds: number;
  /** In every key; raised after Postgres was restored to an earlier point, since newest-wins would keep what it lost. */
  readonly generation: number;
}
