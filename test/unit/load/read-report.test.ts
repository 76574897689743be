import { expect, test } from 'vitest';
import { readReport } from '../../load/read-report.ts';

const aggregate = {
  counters: {
    'vusers.completed': 9,
    'http.requests': 200,
    'http.codes.200': 197,
    'errors.ECONNRESET': 2,
    'errors.EPIPE': 1,
  },
  summaries: { 'http.response_time': { median: 1, p99: 7 } },
  firstCounterAt: 1000,
  lastCounterAt: 5000,
};

test('a report says what failed requests, and how often', () => {
  const report = readReport(JSON.stringify({ aggregate }));
  expect(report).toMatchObject({ users: 9, requests: 200, requestsPerSecond: 50, p50Millis: 1, p99Millis: 7 });
  expect(report.errorRate).toBeCloseTo(0.015);
  expect(report.failures).toEqual({ ECONNRESET: 2, EPIPE: 1 });
  expect(report.hitRate).toBeUndefined();
});

test('the hit rate is of what the server counted', () => {
  const counters = { ...aggregate.counters, 'cache.hits': 3, 'cache.misses': 1 };
  expect(readReport(JSON.stringify({ aggregate: { ...aggregate, counters } })).hitRate).toBe(0.75);
});
