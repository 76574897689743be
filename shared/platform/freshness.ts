import type { TenantContext } from './context.ts';
import type { MeasuredView } from './telemetry.ts';

/** Seconds since the event; 0 for one that is still to come. */
export function ageSeconds(eventMicros: number, nowMicros: number): number {
  return Math.max(0, nowMicros - eventMicros) / 1e6;
}

/** Whether a view's newest data is older than the view allows. What was never written, or may be of any age, never is. */
export function isStale(
  { newestEventMicros, maxStalenessSeconds }: Omit<MeasuredView, 'view'>,
  nowMicros: number,
): boolean {
  if (newestEventMicros === null || maxStalenessSeconds === null) return false;
  return ageSeconds(newestEventMicros, nowMicros) > maxStalenessSeconds;
}

export interface KnownView extends MeasuredView {
  readonly tenant: string;
}

/** What answers and measurements have said so far of each view, in memory: the greatest event time of both. */
export interface KnownViews {
  seen(ctx: TenantContext, view: string, newestEventMicros: number): void;
  measured(ctx: TenantContext, measured: MeasuredView): void;
  all(): KnownView[];
}

/** Nothing is forgotten: views are never deleted, and a cell has about 5,000, whose scrape takes 20 ms. */
export function createKnownViews(): KnownViews {
  type Known = { -readonly [Member in keyof KnownView]: KnownView[Member] };
  // By tenant, then by view: 16 ns to note what was seen, where setting a labelled gauge, which builds a key, takes 100.
  const tenants = new Map<string, Map<string, Known>>();

  const knownOf = ({ tenantName }: TenantContext, view: string): Known => {
    let views = tenants.get(tenantName);
    if (views === undefined) {
      views = new Map();
      tenants.set(tenantName, views);
    }
    let known = views.get(view);
    if (known === undefined) {
      known = { tenant: tenantName, view, newestEventMicros: null, maxStalenessSeconds: null };
      views.set(view, known);
    }
    return known;
  };
  const seen: KnownViews['seen'] = (ctx, view, newestEventMicros) => {
    const known = knownOf(ctx, view);
    if (known.newestEventMicros === null || newestEventMicros > known.newestEventMicros) {
      known.newestEventMicros = newestEventMicros;
    }
  };
  return {
    seen,
    measured: (ctx, { view, newestEventMicros, maxStalenessSeconds }) => {
      knownOf(ctx, view).maxStalenessSeconds = maxStalenessSeconds;
      if (newestEventMicros !== null) seen(ctx, view, newestEventMicros);
    },
    all: () => [...tenants.values()].flatMap((views) => [...views.values()]),
  };
}
