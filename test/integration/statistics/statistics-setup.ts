import { expect } from 'vitest';
import { type Dtype, dtypes } from '../../../shared/contract/dtypes.ts';
import type { HourStatistics, StatisticsAnswer } from '../../../shared/contract/statistics.ts';
import { formatMicros } from '../../../shared/contract/time.ts';
import type { Database } from '../../../shared/platform/database.ts';
import type { ViewVersion } from '../../../shared/registry/index.ts';
import { refreshStatistics } from '../../../shared/statistics/index.ts';
import { readTimescale } from '../../../shared/values/index.ts';
import type { Answer, TestFeatureStore, TestTenant } from '../../support/feature-store.ts';
import { differences, naiveStatistics, type StatisticsRow } from '../../support/naive-statistics.ts';
import { hour, start } from '../semantics/semantics-setup.ts';

export async function versionOf(
  { core }: TestFeatureStore,
  view: string,
  { ctx }: Pick<TestTenant, 'ctx'>,
): Promise<ViewVersion> {
  return (await core.registries.current(ctx)).view(view);
}

/** What the maintenance job does of it. Answers how many hours it made. */
export async function refresh(
  store: TestFeatureStore,
  view: string,
  { database = store.databases.owner, tenant = store.tenant }: { database?: Database; tenant?: TestTenant } = {},
): Promise<number> {
  const { table, features } = await versionOf(store, view, tenant);
  const { hours } = await refreshStatistics(database, tenant.ctx, table, features, await readTimescale(database));
  return hours;
}

export interface Asked {
  readonly from?: string;
  readonly to?: string;
}

export function ask(store: TestFeatureStore, view: string, feature: string, asked: Asked = {}): Promise<Answer> {
  const query = new URLSearchParams({ feature, ...asked });
  return store.get(`/api/v1/feature-views/${view}/statistics?${query}`);
}

export async function hoursOf(
  store: TestFeatureStore,
  view: string,
  feature: string,
  asked: Asked = { from: formatMicros(start - 100 * hour), to: formatMicros(start + hour) },
): Promise<HourStatistics[]> {
  const answer = await ask(store, view, feature, asked);
  expect(answer.status, answer.text).toBe(200);
  const { hours }: StatisticsAnswer = answer.json;
  return hours;
}

/** Expects of every feature what a scan over all rows says. */
export async function expectAgreement(
  store: TestFeatureStore,
  view: string,
  rows: readonly StatisticsRow[],
): Promise<void> {
  const { features } = await versionOf(store, view, store.tenant);
  for (const { name, dtype } of features) {
    const expected = naiveStatistics(rows, name, dtype);
    expect(differences(await hoursOf(store, view, name), expected), `${name} of ${view}`).toEqual([]);
  }
}

/** A feature of each dtype, named for it: `float64`, `int64_list`. */
export const everyFeature: readonly { readonly name: string; readonly dtype: Dtype }[] = dtypes.map((dtype) => ({
  name: dtype.replace('[]', '_list'),
  dtype,
}));
