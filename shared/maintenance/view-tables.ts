import type { TenantContext } from '../platform/context.ts';
import { type Feature, newestOf, type RegistrySnapshot } from '../registry/index.ts';

/** A table of values, as its versions want it kept. */
export interface ViewTable {
  readonly ctx: TenantContext;
  readonly table: string;
  readonly view: string;
  /** All of its columns: those of the newest version that shares it. */
  readonly features: readonly Feature[];
  /** The longest of its versions; 0 keeps all. */
  readonly retentionDays: number;
  /** Whether the view's newest version is written to it. */
  readonly isWritten: boolean;
  /** Of the newest version, where it is written. */
  readonly maxStalenessSeconds: number | null;
}

/** The tables of rows of a tenant: versions that differ in TTLs alone share one. Those of stream views hold tiles. */
export function viewTablesOf(ctx: TenantContext, snapshot: RegistrySnapshot): ViewTable[] {
  return snapshot.views.flatMap((view) => {
    const newest = newestOf(view);
    const sharing = Map.groupBy(
      view.versions.filter(({ stream }) => stream === null),
      ({ table }) => table,
    );
    return [...sharing].map(([table, versions]) => {
      const isWritten = table === newest.table;
      return {
        ctx,
        table,
        view: view.name,
        features: newestOf({ versions }).features,
        retentionDays: longest(versions.map(({ retentionDays }) => retentionDays)),
        isWritten,
        maxStalenessSeconds: isWritten ? newest.maxStalenessSeconds : null,
      };
    });
  });
}

function longest(retentionDays: readonly number[]): number {
  return retentionDays.includes(0) ? 0 : Math.max(...retentionDays);
}
