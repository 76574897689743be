import { beforeEach, expect, test } from 'vitest';
import { createPrometheusTelemetry, type PrometheusTelemetry } from '../../../shared/platform/prometheus.ts';
import { type SetClock, setClock } from './set-clock.ts';

const acme = { tenantId: 't_aaaaaaaaaaaa', tenantName: 'acme' };
const globex = { tenantId: 't_bbbbbbbbbbbb', tenantName: 'globex' };

let clock: SetClock;
let telemetry: PrometheusTelemetry;
beforeEach(() => {
  clock = setClock();
  telemetry = createPrometheusTelemetry({ clock });
});

/** The samples of a metric, by their labels. */
async function samplesOf(metric: string): Promise<Record<string, number>> {
  const lines = (await telemetry.expose()).split('\n').filter((line) => line.startsWith(metric));
  return Object.fromEntries(
    lines.map((line) => {
      const [series = '', value] = line.split(' ');
      return [series.slice(metric.length), Number(value)];
    }),
  );
}
const freshness = () => samplesOf('feature_store_feature_freshness_seconds');
const staleViews = async () => (await samplesOf('feature_store_stale_views'))[''];

test('the age of the newest data grows from scrape to scrape while nothing is reported', async () => {
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(5));
  expect(await freshness()).toEqual({ '{view="profile",tenant="acme"}': 5 });
  clock.passSeconds(60.5);
  expect(await freshness()).toEqual({ '{view="profile",tenant="acme"}': 65.5 });
});

test('an answer of older data takes nothing back', async () => {
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(5));
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(500));
  expect(await freshness()).toEqual({ '{view="profile",tenant="acme"}': 5 });
});

test('the newest counts that answers or the job saw, whichever was later', async () => {
  const measure = (view: string, seconds: number): void =>
    telemetry.viewMeasured(acme, { view, newestEventMicros: clock.secondsAgo(seconds), maxStalenessSeconds: null });
  telemetry.dataSeen(acme, 'answered_later', clock.secondsAgo(10));
  measure('answered_later', 20);
  telemetry.dataSeen(acme, 'measured_later', clock.secondsAgo(20));
  measure('measured_later', 10);
  measure('measured_alone', 30);
  expect(await freshness()).toEqual({
    '{view="answered_later",tenant="acme"}': 10,
    '{view="measured_later",tenant="acme"}': 10,
    '{view="measured_alone",tenant="acme"}': 30,
  });
});

test('two tenants have views of one name apart', async () => {
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(10));
  telemetry.dataSeen(globex, 'profile', clock.secondsAgo(20));
  expect(await freshness()).toEqual({
    '{view="profile",tenant="acme"}': 10,
    '{view="profile",tenant="globex"}': 20,
  });
});

test('data that is still to come is of age 0', async () => {
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(-30));
  expect(await freshness()).toEqual({ '{view="profile",tenant="acme"}': 0 });
});

test('a view that was never written has no age and is not stale', async () => {
  telemetry.viewMeasured(acme, { view: 'profile', newestEventMicros: null, maxStalenessSeconds: 1 });
  clock.passSeconds(60);
  expect(await freshness()).toEqual({});
  expect(await staleViews()).toBe(0);
});

test('views become stale while nothing is reported, and are no longer once newer data is seen', async () => {
  const measure = (tenant: typeof acme, seconds: number, maxStalenessSeconds: number | null): void =>
    telemetry.viewMeasured(tenant, {
      view: 'profile',
      newestEventMicros: clock.secondsAgo(seconds),
      maxStalenessSeconds,
    });
  expect(await staleViews()).toBe(0);
  measure(acme, 10, 60);
  measure(globex, 10, 90);
  telemetry.dataSeen(acme, 'of_any_age', clock.secondsAgo(1e6));
  clock.passSeconds(50);
  expect(await staleViews()).toBe(0);
  clock.passSeconds(1);
  expect(await staleViews()).toBe(1);
  clock.passSeconds(30);
  expect(await staleViews()).toBe(2);
  telemetry.dataSeen(acme, 'profile', clock.secondsAgo(1));
  expect(await staleViews()).toBe(1);
  measure(globex, 91, null);
  expect(await staleViews()).toBe(0);
});
