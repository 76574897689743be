import { type EntityRead, epochOf, limitOf, type OnlineCache, type SideCommand } from '../cache/index.ts';
import type { LimitedRequest } from '../limits/index.ts';
import type { TenantContext } from '../platform/context.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { CachedWindows } from '../tiles/index.ts';
import type { BoundEntity } from './bind-entities.ts';

/** Some of an entity's tables: all of them but where those of many views are read in several trips. */
export interface Part {
  readonly entity: BoundEntity;
  /** Indexes of tables, the second not included. */
  readonly from: number;
  readonly to: number;
}

/** The rows of entities, so many in one trip as `mostAtOnce` says before each. */
export function* tripsOf(entities: readonly BoundEntity[], mostAtOnce: () => number): Generator<readonly Part[]> {
  let parts: Part[] = [];
  let left = mostAtOnce();
  for (const entity of entities) {
    const { length } = entity.planned.tables;
    let from = 0;
    while (from < length) {
      if (left <= 0) {
        yield parts;
        parts = [];
        left = mostAtOnce();
      }
      const to = Math.min(length, from + left);
      parts.push({ entity, from, to });
      left -= to - from;
      from = to;
    }
  }
  if (parts.length > 0) yield parts;
}

export interface CachedParts {
  /** By part, for each of its tables what the cache has; undefined where the cache does not answer. */
  readonly texts: readonly (readonly (string | null)[])[] | undefined;
  /** Of the tenant's registry, where it was asked for. */
  readonly epoch: number | null;
  /** Of stream views what the cache has of all their fields, by place. */
  readonly windows?: ReadonlyMap<number, CachedWindows>;
}

/** What travels with a trip. */
export interface Along {
  readonly isCheckDue: boolean;
  /** Counted by it. */
  readonly limited: LimitedRequest | undefined;
}

export const nothingAlong: Along = { isCheckDue: false, limited: undefined };

/** One trip to the cache, for views of rows alone. */
export function readParts(
  cache: OnlineCache,
  { tenantId }: TenantContext,
  parts: readonly Part[],
  along: Along,
): Promise<CachedParts> {
  const reads = parts.map(({ entity: { planned, entityId }, from, to }): EntityRead => {
    const fields = to - from === planned.fields.length ? planned.fields : planned.fields.slice(from, to);
    return { tenantId, entityType: planned.entityType, entityId, fields, mayBeHeld: true };
  });
  return readFields(cache, tenantId, reads, along);
}

/** By read, for each of its fields what the cache has. Throws rate_limited. */
export async function readFields(
  cache: OnlineCache,
  tenantId: string,
  reads: readonly EntityRead[],
  { isCheckDue, limited }: Along,
): Promise<CachedParts> {
  const along: SideCommand[] = isCheckDue ? [{ kind: 'epoch', tenantId }] : [];
  if (limited !== undefined) along.push(limited.command);
  try {
    const answer = await cache.read(reads, along);
    limited?.settle(limitOf(answer.along.at(-1)));
    return { texts: answer.reads, epoch: epochOf(answer.along[0]) };
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    limited?.settle(null);
    return { texts: undefined, epoch: null };
  }
}
