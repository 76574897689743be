import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { ExplainedError } from '../support/explained-error.ts';
import type { Measured } from './print-table.ts';

/** The figures of the table with where and when they were measured. A hit rate that is not known is null. */
export async function writeJson(
  file: string,
  url: string,
  measured: Readonly<Record<string, Measured>>,
): Promise<void> {
  const made = {
    url,
    measured_at: new Date().toISOString(),
    node: process.version,
    cores: availableParallelism(),
    ...Object.fromEntries(Object.entries(measured).map(([name, figures]) => [name, spell(figures)])),
  };
  try {
    await writeFile(file, `${JSON.stringify(made, undefined, 2)}\n`);
  } catch (error) {
    throw new ExplainedError(`--json: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function spell({ entities, features, connections, ...figures }: Measured) {
  return {
    entities,
    features,
    connections,
    p50_ms: round(figures.p50Millis),
    p99_ms: round(figures.p99Millis),
    requests_per_s: round(figures.requestsPerSecond),
    features_per_s: round(figures.requestsPerSecond * entities * features),
    cache_hit_rate: figures.hitRate === undefined ? null : round(figures.hitRate),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
