import { compileFoldPlan, type FoldPlan, type Selection, selectLifetimes } from '../aggregation/index.ts';
import { compileFilter, type Filter } from '../filters/index.ts';
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
  /** Undefined: every event counts. Compiled when first asked for: reads of tiles do not need it. */
  readonly filter: () => Filter | undefined;
  readonly lifetimes: Selection;
  /** Days that all windows reach over, tomorrow included: how many fields an entity has in the cache. */
  readonly ringDays: number;
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
  let compiledFilter: Filter | undefined;
  const filter = (): Filter | undefined => {
    if (stream.where === null || compiledFilter !== undefined) return compiledFilter;
    const made = compileFilter(source.fields, stream.where);
    if ('code' in made) throw new Error(`${view} version ${version} cannot be filtered: ${made.detail}`);
    compiledFilter = made;
    return made;
  };
  const reaches = fold.features.map(({ window }) => (window === null ? 0 : window.windowMicros + window.hopMicros));
  const ringDays = Math.floor(Math.max(...reaches) / dayMicros) + 3;
  return {
    ...{ table, entityType, entityKey: stream.entityKey, source, fold, filter },
    ...{ lifetimes: selectLifetimes(fold), ringDays },
  };
}
