import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKnobs, estimateCost, totalOf, type Workload } from '../../infra/cost/estimate-cost.ts';
import { pricesAsOf } from '../../infra/cost/prices.ts';
import { alarmsOf, widgetsOf } from './shown-metrics.ts';
import { synthesize } from './synthesize.ts';

const typical: Workload = {
  ...{ readsPerSecond: 1000, features: 20, rows: 1e7, writesPerSecond: 1000, eventsPerSecond: 2000 },
  ...{ hitRate: 0.95, provisioned: 10, minCapacity: 2, retentionDays: 90, external: false },
};
const lineOf = (workload: Workload, service: string) =>
  estimateCost(workload).find((line) => line.service === service)?.usd ?? 0;

test('what is priced by the call costs what its price says', () => {
  const millionCalls = ((1000 + 1000 / 100) * 730 * 3600) / 1e6;
  expect(lineOf(typical, 'API Gateway')).toBeCloseTo(millionCalls, 2);
});

test('more of anything never costs less', () => {
  const growing = [
    'readsPerSecond',
    'features',
    'rows',
    'writesPerSecond',
    'eventsPerSecond',
    'retentionDays',
  ] as const;
  fc.assert(
    fc.property(fc.constantFrom(...growing), fc.integer({ min: 1, max: 100 }), (knob, times) => {
      const more = { ...typical, [knob]: typical[knob] * times };
      expect(totalOf(estimateCost(more))).toBeGreaterThanOrEqual(totalOf(estimateCost(typical)) - 1e-6);
    }),
  );
});

test('processes that are kept started are paid for while they wait, and the idle database for what it never goes below', () => {
  const idle: Workload = { ...typical, readsPerSecond: 0, writesPerSecond: 0, eventsPerSecond: 0 };
  expect(lineOf(idle, 'Lambda, kept started')).toBe(lineOf(typical, 'Lambda, kept started'));
  expect(lineOf(idle, 'Aurora')).toBeCloseTo(2 * 730 * 0.12, 2);
});

test('stores of others are not in the bill', () => {
  const services = estimateCost({ ...typical, external: true }).map(({ service }) => service);
  expect(services.filter((service) => /Aurora|Proxy|ElastiCache|endpoints/.test(service))).toEqual([]);
});

test('the knobs are told in the order of what they save', () => {
  const saved = compareKnobs(typical).map(({ saves }) => saves);
  expect(saved).toEqual([...saved].sort((one, other) => other - one));
  expect(saved[0]).toBeGreaterThan(0);
});

test('npm run cost prints the bill with its date, its sum and what it takes for granted', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, ['infra/cost/cli.ts', ...args], { encoding: 'utf8' });
  const { stdout, status } = run('--reads-per-second', '1000', '--features', '20', '--rows', '1e7');
  expect(status).toBe(0);
  for (const part of [pricesAsOf, 'API Gateway', 'together', 'would save', 'readMillis'])
    expect(stdout).toContain(part);
  const wrong = run('--hit-rate', '2');
  expect([wrong.status, wrong.stderr]).toEqual([1, '--hit-rate is a number from 0 to 1\n']);
});

test('the alarms and dashboards that are priced are those of prod', () => {
  const prod = synthesize({ stage: 'prod' });
  const composite = prod.resources('observability', 'AWS::CloudWatch::CompositeAlarm');
  const priced = lineOf(typical, 'CloudWatch metrics and alarms');
  const alarms = alarmsOf(prod).length + composite.length;
  const dashboards = new Set(widgetsOf(prod).map(({ dashboard }) => dashboard)).size;
  // Three dashboards are free.
  expect(priced).toBeCloseTo(90 * 0.3 + alarms * 0.1 + (dashboards - 3) * 3, 1);
});
