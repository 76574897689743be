import { inject } from 'vitest';

/** The Postgres that the integration suite runs on, given by its vitest project. */
export type PostgresLane = 'postgres' | 'pglite' | 'timescale';

type Cache = 'redis' | 'memory' | 'off';

/** What is done in full on `postgres`, and less often on the other lanes, whose statements one time shows as well as ten. */
const effort: Readonly<Record<PostgresLane, { readonly caches: readonly Cache[]; readonly runs: number }>> = {
  postgres: { caches: ['redis', 'memory', 'off'], runs: 1 },
  // As on a laptop.
  pglite: { caches: ['memory', 'off'], runs: 0.3 },
  timescale: { caches: ['redis', 'off'], runs: 0.3 },
};

const chosen = effort[inject('postgresLane')];

/** The caches that tests which vary it run with: one that keeps values, and none. */
export const caches = chosen.caches;

/** How often a random test runs. */
export function runsOf(full: number): number {
  return Math.ceil(full * chosen.runs);
}
