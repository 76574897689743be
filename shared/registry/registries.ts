import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import { emptySnapshot, type RegistrySnapshot } from './model.ts';
import type { SnapshotReads } from './read-snapshot.ts';
import { createTenantRegistry, type TenantRegistry } from './tenant-registry.ts';

/** A change made by another process is seen within this time. */
const checkMicros = 1_000_000;

/**
 * What the cache says is trusted for this long: where the announcement of a change was lost, because the cache was away and
 * the process that made the change went too, an older epoch goes on standing there as if it were the newest.
 */
const trustMicros = 60_000_000;

/**
 * The tenants' registries in this process's memory. A request takes the one that is there; when its last check is older
 * than a second the request reads the epoch along with its values and tells it here.
 */
export interface Registries {
  /** What is in memory, read from the snapshot store the first time. */
  current(ctx: TenantContext): TenantRegistry | Promise<TenantRegistry>;
  /** As current, but checked with the store where the last check is older than a second: for paths without a cache read. */
  fresh(ctx: TenantContext): TenantRegistry | Promise<TenantRegistry>;
  /** Whether the next request should ask for the epoch. */
  isCheckDue(ctx: TenantContext): boolean;
  /**
   * Takes the epoch that the cache told, null where it knows none or does not answer, and reads the snapshot again where
   * that is newer or unknown, and once a minute whatever it is. Answers the registry that now counts.
   */
  noteEpoch(ctx: TenantContext, epoch: number | null): TenantRegistry | Promise<TenantRegistry>;
  /** Checks now, unless that was done within the last second: what precedes saying that a name is unknown. */
  check(ctx: TenantContext): Promise<TenantRegistry>;
  /** Takes a registry that this process has just changed. */
  install(ctx: TenantContext, snapshot: RegistrySnapshot): void;
}

interface Held {
  registry: TenantRegistry;
  checkedMicros: number;
  /** When the snapshot store itself was last asked. */
  askedMicros: number;
  /** When a name was last found unknown and checked. */
  forcedMicros: number;
  reading: Promise<TenantRegistry> | undefined;
}

export interface RegistriesOptions {
  readonly store: SnapshotReads;
  readonly clock: Clock;
  /**
   * Tells the cache an epoch that it has not, or an older one of: it was lost, or away when the change was made. Awaited;
   * must not throw where the cache is away.
   */
  readonly announceEpoch: (ctx: TenantContext, epoch: number) => Promise<void>;
  /** Hears why a registry that is held could not be read again; at most once a second and tenant. */
  readonly onStale: (ctx: TenantContext, error: unknown) => void;
}

export function createRegistries({ store, clock, announceEpoch, onStale }: RegistriesOptions): Registries {
  const held = new Map<string, Held>();
  const loading = new Map<string, Promise<TenantRegistry>>();

  const install = ({ tenantId }: TenantContext, snapshot: RegistrySnapshot): TenantRegistry => {
    const known = held.get(tenantId);
    if (known === undefined) {
      const registry = createTenantRegistry(snapshot);
      const now = clock.nowMicros();
      held.set(tenantId, { registry, checkedMicros: now, askedMicros: now, forcedMicros: 0, reading: undefined });
      return registry;
    }
    if (snapshot.epoch > known.registry.snapshot.epoch) known.registry = createTenantRegistry(snapshot);
    known.checkedMicros = clock.nowMicros();
    return known.registry;
  };

  const read = async (ctx: TenantContext): Promise<TenantRegistry> => {
    const known = held.get(ctx.tenantId);
    const epoch = known === undefined ? undefined : await store.epoch(ctx.tenantId);
    const isNewest = known !== undefined && (epoch ?? 0) <= known.registry.snapshot.epoch;
    const snapshot = isNewest ? known.registry.snapshot : await store.read(ctx.tenantId);
    const registry = install(ctx, snapshot ?? emptySnapshot);
    if (registry.snapshot.epoch > 0) await announceEpoch(ctx, registry.snapshot.epoch);
    return registry;
  };

  const load = (ctx: TenantContext): Promise<TenantRegistry> => {
    const underWay = loading.get(ctx.tenantId);
    if (underWay !== undefined) return underWay;
    const started = read(ctx).finally(() => loading.delete(ctx.tenantId));
    loading.set(ctx.tenantId, started);
    return started;
  };

  /** A store that does not answer, or answers nonsense, leaves what is held: old definitions serve better than none. */
  const reread = (ctx: TenantContext, known: Held): Promise<TenantRegistry> => {
    known.checkedMicros = clock.nowMicros();
    known.askedMicros = known.checkedMicros;
    known.reading ??= load(ctx)
      .catch((error: unknown) => {
        onStale(ctx, error);
        return known.registry;
      })
      .finally(() => {
        known.reading = undefined;
      });
    return known.reading;
  };

  const isCheckDue = (known: Held): boolean => clock.nowMicros() - known.checkedMicros > checkMicros;

  return {
    current: (ctx) => held.get(ctx.tenantId)?.registry ?? load(ctx),

    isCheckDue: (ctx) => {
      const known = held.get(ctx.tenantId);
      return known !== undefined && isCheckDue(known);
    },

    fresh: (ctx) => {
      const known = held.get(ctx.tenantId);
      if (known === undefined) return load(ctx);
      return isCheckDue(known) ? reread(ctx, known) : known.registry;
    },

    noteEpoch: (ctx, epoch) => {
      const known = held.get(ctx.tenantId);
      if (known === undefined) return load(ctx);
      const now = clock.nowMicros();
      const isTrusted = now - known.askedMicros < trustMicros;
      if (epoch === null || epoch > known.registry.snapshot.epoch || !isTrusted) return reread(ctx, known);
      known.checkedMicros = now;
      const { registry } = known;
      return epoch < registry.snapshot.epoch
        ? announceEpoch(ctx, registry.snapshot.epoch).then(() => registry)
        : registry;
    },

    check: async (ctx) => {
      const known = held.get(ctx.tenantId);
      if (known === undefined) return load(ctx);
      const now = clock.nowMicros();
      if (now - known.forcedMicros < checkMicros) return known.registry;
      known.forcedMicros = now;
      return reread(ctx, known);
    },

    install,
  };
}
