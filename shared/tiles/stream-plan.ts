import {
  compileFoldPlan,
  type FoldPlan,
  hourMicros,
  type SelectedGroup,
  type Selection,
  selectFeatures,
  selectLifetimes,
} from '../aggregation/index.ts';
import type { Filter } from '../filters/index.ts';
import type { TenantContext } from '../platform/context.ts';
import { type Registries, readingRegistry, type StreamSource, type ViewVersion } from '../registry/index.ts';

/** What folding and reading the tiles of one table need, compiled once. Versions that share the table share the plan. */
export interface StreamPlan {
  readonly table: string;
  readonly entityType: string;
  /** The field that is the entity id. */
  readonly entityKey: string;
  readonly source: StreamSource;
  /** Of the aggregations; a feature's place is its position. */
  readonly fold: FoldPlan;
  /** In CEL; null: every event counts. */
  readonly where: string | null;
  /** Of `where`. Loads CEL and compiles when first asked for: reads of tiles do not need it. */
  readonly filter: () => Promise<Filter | undefined>;
  readonly lifetimes: Selection;
  /** From the start of the earliest hop of the longest window to the moment; 0 where there are lifetime windows alone. */
  readonly reachMicros: number;
  /** Of each group of `fold`: how the cache holds it. */
  readonly spans: readonly GroupSpan[];
}

/** The cache holds the numbers of a group in spans, of a day for windows of days, of an hour for shorter ones. */
export interface GroupSpan {
  readonly spanMicros: number;
  /** From the start of the earliest hop of its longest window to the moment; 0 where it has lifetime windows alone. */
  readonly reachMicros: number;
  /** Spans, and hours of sketches, that may be in use at once, those about to begin included. */
  readonly ringSpans: number;
  readonly ringHours: number;
  /** The windows that the cache keeps a tail of; undefined where it keeps none. */
  readonly tail: SelectedGroup | undefined;
}

const dayMicros = 86_400_000_000;
const compiled = new WeakMap<ViewVersion, StreamPlan>();

/** The plan of a stream view version. `source` is the one it names: fields are only ever added to it. */
export function streamPlanOf(version: ViewVersion, source: StreamSource): StreamPlan {
  const known = compiled.get(version);
  if (known !== undefined) return known;
  const plan = compile(version, source);
  compiled.set(version, plan);
  return plan;
}

/** As streamPlanOf, the source looked up in the tenant's registry where the plan is not compiled yet. */
export async function findStreamPlan(
  registries: Registries,
  ctx: TenantContext,
  version: ViewVersion,
): Promise<StreamPlan> {
  const known = compiled.get(version);
  if (known !== undefined) return known;
  const name = version.stream?.source ?? '';
  return streamPlanOf(version, await readingRegistry(registries, ctx, (registry) => registry.source(name)));
}

/** All windows of a group, their numbers alone. */
function tailOf(fold: FoldPlan, group: number): SelectedGroup | undefined {
  const places = [...fold.features.keys()].filter((place) => {
    const feature = fold.features[place];
    return feature?.group === group && feature.window !== null;
  });
  const [selected] = selectFeatures(fold, places).groups;
  return selected && { group, windows: selected.windows.map((window) => ({ ...window, parts: [] })) };
}

function compile({ view, version, table, entityType, stream }: ViewVersion, source: StreamSource): StreamPlan {
  if (stream === null) throw new Error(`${view} version ${version} is no stream view`);
  const fold = compileFoldPlan({
    aggregations: stream.aggregations.map(({ function: computes, field, window, k, p }) => ({
      function: computes,
      field: field ?? undefined,
      window: window ?? undefined,
      k: k ?? undefined,
      p: p ?? undefined,
    })),
    schema: Object.fromEntries(source.fields.map(({ name, dtype }) => [name, dtype])),
    hop: stream.hop ?? undefined,
  });
  if (Array.isArray(fold)) throw new Error(`${view} version ${version} cannot be folded: ${fold[0]?.detail}`);
  const { where } = stream;
  const compileWhere = async (): Promise<Filter | undefined> => {
    if (where === null) return undefined;
    const { compileFilter } = await import('../filters/index.ts');
    const made = compileFilter(source.fields, where);
    if ('code' in made) throw new Error(`${view} version ${version} cannot be filtered: ${made.detail}`);
    return made;
  };
  let filter: Promise<Filter | undefined> | undefined;
  const spans = fold.groups.map(({ widthMicros }, place): GroupSpan => {
    const windows = fold.features.flatMap(({ group, window }) => (group === place && window !== null ? [window] : []));
    const reachMicros = Math.max(0, ...windows.map(({ windowMicros, hopMicros }) => windowMicros + hopMicros));
    const spanMicros = widthMicros === hourMicros ? dayMicros : hourMicros;
    const ring = (micros: number): number => Math.floor(reachMicros / micros) + 4;
    const tail = spanMicros === dayMicros ? tailOf(fold, place) : undefined;
    return { spanMicros, reachMicros, ringSpans: ring(spanMicros), ringHours: ring(hourMicros), tail };
  });
  return {
    ...{ table, entityType, entityKey: stream.entityKey, source, fold, where },
    filter: () => {
      filter ??= compileWhere();
      return filter;
    },
    ...{ lifetimes: selectLifetimes(fold), spans },
    reachMicros: Math.max(...spans.map(({ reachMicros }) => reachMicros)),
  };
}
