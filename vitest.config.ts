import { defineConfig } from 'vitest/config';
import type { PostgresLane } from './test/support/lane.ts';

// The tests run on the version that Lambda runs; vitest itself would also start under an older one.
if (Number(process.versions.node.split('.')[0]) < 24) throw new Error('Run the tests with npm, which uses Node 24.');

/**
 * Tests that need several sessions or databases, a server to end, or roles that log in: on the real server alone. The
 * embedded ones have one session, of a superuser.
 */
const concurrency = 'test/integration/**/*.concurrency.test.ts';
/** Of what only TimescaleDB does, and of what is done in its place. */
const timescaleAlone = 'test/integration/**/*.timescale.test.ts';
const nativeAlone = 'test/integration/**/*.native.test.ts';

/** These ask no Postgres, or start one of their own: the same on every lane, so once is enough. */
const withoutLane = [
  'test/integration/aws/**',
  'test/integration/cache/**',
  'test/integration/registry/**',
  'test/integration/tenancy/**',
  'test/integration/services.test.ts',
  'test/integration/http/process.test.ts',
];

/** Vitest would leave one core idle, which is half of two. */
const maxWorkers = '100%';

/** The integration suite on one Postgres. */
function integration(name: string, postgresLane: PostgresLane, exclude: string[]) {
  return {
    name,
    include: ['test/integration/**/*.test.ts'],
    exclude,
    provide: { postgresLane },
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers,
  };
}

const postgres = integration('integration', 'postgres', [timescaleAlone]);
// On these, files share a worker: half the time of their tests went into loading the code and PGlite for each file.
const pglite = {
  ...integration('integration-pglite', 'pglite', [concurrency, timescaleAlone, ...withoutLane]),
  isolate: false,
};
// One file at a time, after all others: the server may take one connection at a time.
const timescale = {
  ...integration('integration-timescale', 'timescale', [concurrency, nativeAlone, ...withoutLane]),
  // One session for all, in WebAssembly: slow on a busy machine.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  isolate: false,
  fileParallelism: false,
  sequence: { groupOrder: 1 },
};

/** Over a real broker, with the stores of lane `postgres`. */
const kafka = {
  ...integration('kafka', 'postgres', []),
  include: ['test/kafka/**/*.test.ts'],
  testTimeout: 120_000,
};

export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000, maxWorkers } },
      { test: postgres },
      { test: pglite },
      ...(process.env.TEST_TIMESCALE_URL ? [{ test: timescale }] : []),
      ...(process.env.TEST_KAFKA_BROKERS ? [{ test: kafka }] : []),
      {
        test: {
          name: 'infra',
          include: ['test/infra/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
