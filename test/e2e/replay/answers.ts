import { expect } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { decodeTileRow, findStreamPlan, readTileRows } from '../../../shared/tiles/index.ts';
import type { TestFeatureStore, TestTenant } from '../../support/feature-store.ts';
import { naiveWindow } from '../../support/naive-windows.ts';
import { type ReplayView, type SentEvent, shopIds, userIds, views } from './replay-stream.ts';

export interface Moment {
  readonly entityId: string;
  readonly micros: number;
}

/** Of each feature `[status, value]`, in the order of `featuresOf`. */
export type Said = readonly (readonly [status: string, value: unknown])[];

export const entityTypes = ['user', 'shop'] as const;
export type EntityType = (typeof entityTypes)[number];

export function entitiesOf(entityType: EntityType): readonly string[] {
  return entityType === 'user' ? userIds : shopIds;
}

interface FeatureOfView {
  readonly view: ReplayView;
  readonly name: string;
  readonly feature: string;
}

function featuresOf(entityType: EntityType): FeatureOfView[] {
  return views
    .filter((view) => view.entityType === entityType)
    .flatMap((view) =>
      Object.keys(view.aggregations).map((feature) => ({ view, feature, name: `${view.name}:${feature}` })),
    );
}

/** A store, or a process, which knows its tenant by itself. */
type Asked = Pick<TestFeatureStore, 'post'>;

/** What an online read says of every entity, by entity. */
export async function sayOnline(
  store: Asked,
  { key }: Pick<TestTenant, 'key'>,
  entityType: EntityType,
  entityIds: readonly string[] = entitiesOf(entityType),
): Promise<Record<string, Said>> {
  const body = { entity_ids: entityIds, feature_names: featuresOf(entityType).map(({ name }) => name) };
  const { json, text } = await store.post('/api/v1/features/online', body, { key });
  expect(json.rows, text.slice(0, 500)).toBeDefined();
  return Object.fromEntries(
    entityIds.map((entityId, place) => {
      const { values, statuses } = json.rows[place];
      return [entityId, values.map((value: unknown, index: number) => [statuses[index], value])];
    }),
  );
}

/** What a training set says of each moment, known by `knownAtMicros` if so. */
export async function sayAsOf(
  store: Asked,
  { key }: Pick<TestTenant, 'key'>,
  entityType: EntityType,
  moments: readonly Moment[],
  knownAtMicros?: number,
): Promise<Said[]> {
  const feature_names = featuresOf(entityType).map(({ name }) => name);
  const body = {
    entity_rows: moments.map(({ entityId, micros }) => ({ entity_id: entityId, timestamp: formatMicros(micros) })),
    feature_names,
    ...(knownAtMicros === undefined ? {} : { known_at: formatMicros(knownAtMicros) }),
  };
  const { json, text } = await store.post('/api/v1/features/batch', body, { key });
  expect(json.rows, text.slice(0, 500)).toBeDefined();
  return moments.map((_, place) => {
    const { features, statuses } = json.rows[place];
    return feature_names.map((name) => [statuses[name], features[name]] as const);
  });
}

/** Events by what a view of this entity type is keyed by. */
export function byEntity(entityType: EntityType, events: readonly SentEvent[]): Map<string, SentEvent[]> {
  const key = entityType === 'user' ? 'user_id' : 'shop';
  return Map.groupBy(events, ({ fields }) => String(fields[key]));
}

/** What a scan over all events of an entity says, floating values nearly. */
export function sayOracle(entityType: EntityType, events: readonly SentEvent[], micros: number): unknown[] {
  return featuresOf(entityType).map(({ view, feature }) => {
    const { [feature]: aggregation } = view.aggregations;
    if (aggregation === undefined) throw new Error(`no feature ${feature}`);
    const passing = events.filter(({ fields }) => view.passes(fields));
    const ofView = { ...aggregation, ...(view.hop === undefined ? {} : { hop: view.hop }) };
    const ttlMicros = view.ttlHours === undefined ? undefined : view.ttlHours * 3_600_000_000;
    const { status, value } = naiveWindow(passing, ofView, micros, ttlMicros);
    if (status !== 'PRESENT') return [status, null];
    const isSketched =
      aggregation.function === 'percentile' &&
      Number(naiveWindow(passing, { ...ofView, function: 'count' }, micros).value) > exactValues;
    return [status, isSketched ? within(0.01, Number(value)) : near(value)];
  });
}

/** Values of a window up to which a percentile is exact. */
const exactValues = 1000;

/** `closeTo` takes half of a power of ten. */
function within(share: number, value: number): unknown {
  return expect.closeTo(value, -Math.log10(2 * share * Math.abs(value)));
}

/** Floating sums to 1e-9 relative. */
function near(value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value;
  return expect.closeTo(value, Math.max(0, 8 - Math.ceil(Math.log10(Math.abs(value) + 1))));
}

/** Every tile of a tenant as text, decoded, all columns but the revision, which counts writes. */
export async function readTiles(store: TestFeatureStore, { ctx }: TestTenant): Promise<string[]> {
  const registry = await store.core.registries.check(ctx);
  const tiles: string[] = [];
  for (const { name } of views) {
    const version = registry.snapshot.views.find((view) => view.name === name)?.versions[0];
    if (version === undefined) throw new Error(`no view ${name}`);
    const plan = await findStreamPlan(store.core.registries, ctx, version);
    const entityIds = await store.databases.admin.rows<{ id: string }>({
      name: 'entities',
      text: `SELECT DISTINCT entity_id AS id FROM ${ctx.tenantId}.${version.table} ORDER BY entity_id`,
    });
    const ranges = entityIds.map(({ id }) => ({
      entityId: id,
      fromMicros: Number.NEGATIVE_INFINITY,
      toMicros: Number.POSITIVE_INFINITY,
    }));
    const rows = await readTileRows(store.databases.admin, ctx, version.table, ranges, { withLast: true });
    for (const [place, { id }] of entityIds.entries()) {
      for (const row of rows[place] ?? []) {
        const { hourMicros, newestMicros } = row;
        tiles.push(JSON.stringify([name, id, String(hourMicros), newestMicros, decodeTileRow(plan, row)], inOrder));
      }
    }
  }
  return tiles;
}

/** What is kept in no order, in one. */
function inOrder(key: string, value: unknown): unknown {
  if (value instanceof Set) return [...value].sort();
  if (value instanceof Map) return [...value].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  if (typeof value === 'bigint') return String(value);
  // Of a percentile that is still exact.
  if (key === 'values' && Array.isArray(value)) return value.toSorted((a, b) => a - b);
  return value;
}
