import * as z from 'zod';
import type { ApiClient } from './api-client.ts';

export interface BenchView {
  readonly name: string;
  readonly entityType: string;
  /** Of float64. */
  readonly features: readonly string[];
  /** As many as are there from `<prefix>0` on. */
  readonly entities: number;
  readonly prefix: string;
}

/** Rows of a request: with 50 features 1.4 MB, of 4 that it may have. */
const rowsPerRequest = 1000;

export function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/**
 * Registers a view and writes a row of each entity, but only what is not there yet: a second run writes nothing, and
 * a key that may only read is enough for it. Answers how many rows it wrote. What it found is in the cache after it.
 */
export async function writeView(client: ApiClient, view: BenchView): Promise<number> {
  const ids = namesOf(view.prefix, view.entities);
  const missing = await missingOf(client, view, ids);
  if (missing.length === 0) return 0;
  await client.post('/api/v1/feature-views', {
    name: view.name,
    entity_type: view.entityType,
    features: view.features.map((name) => ({ name, dtype: 'float64' })),
  });
  const event_time = new Date().toISOString();
  for (const some of inParts(missing)) {
    const rows = some.map((entity_id) => ({ entity_id, event_time, values: randomValues(view.features) }));
    await client.post('/api/v1/features/ingest', { view: view.name, rows });
  }
  return missing.length;
}

const answer = z.object({ rows: z.array(z.object({ statuses: z.array(z.string()) })) });

/** All of them where the view is not registered. */
async function missingOf(client: ApiClient, { features }: BenchView, ids: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const some of inParts(ids)) {
    const { status, json } = await client.send('POST', '/api/v1/features/online', {
      entity_ids: some,
      feature_names: features.slice(0, 1),
    });
    if (status !== 200) return [...ids];
    const { rows } = answer.parse(json);
    missing.push(...some.filter((_, index) => rows[index]?.statuses[0] !== 'PRESENT'));
  }
  return missing;
}

function inParts(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / rowsPerRequest);
  return Array.from({ length: count }, (_, part) => ids.slice(part * rowsPerRequest, (part + 1) * rowsPerRequest));
}

function randomValues(features: readonly string[]): Record<string, number> {
  return Object.fromEntries(features.map((name) => [name, Math.round(Math.random() * 1e6) / 100]));
}
