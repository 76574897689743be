import { expect } from 'vitest';
import { type BackfillReport, runBackfills } from '../../../shared/backfill/index.ts';
import { formatMicros } from '../../../shared/contract/time.ts';
import type { Database } from '../../../shared/platform/database.ts';
import { createLogger } from '../../../shared/platform/logger.ts';
import { republishRegistry } from '../../../shared/registry/index.ts';
import type { StreamWorld } from './stream-world.ts';

const logger = createLogger({ level: 'silent', buffered: false });

/** Runs the backfills of the world's tenant to their end. Fails where one fails. */
export async function backfillNow(
  { store, clock }: StreamWorld,
  database: Database = store.databases.owner,
): Promise<BackfillReport> {
  const { core, cache, tenant } = store;
  const republish = (): Promise<boolean> =>
    republishRegistry({ database: store.databases.owner, store: core.store, publish: core.publish }, tenant.ctx);
  const report = await runBackfills({ database, cache, clock, logger, republish }, [tenant.ctx]);
  const [failure] = report.failures;
  if (failure !== undefined) throw failure.error;
  return report;
}

/** What two views say of entities online, as of moments and as it was known then, and whether they say the same. */
export async function expectSame(
  { store, clock }: StreamWorld,
  [given, expected]: readonly [given: string, expected: string],
  names: readonly string[],
  { entity_ids, moments }: { readonly entity_ids: readonly string[]; readonly moments: readonly number[] },
): Promise<void> {
  const ask = async (view: string): Promise<unknown> => {
    const feature_names = names.map((name) => `${view}:${name}`);
    const online = await store.post('/api/v1/features/online', { entity_ids, feature_names });
    expect(online.status, online.text).toBe(200);
    const answers: unknown[] = [online.json.rows];
    for (const micros of moments) {
      for (const known_at of [undefined, formatMicros(clock.nowMicros())]) {
        const body = { entity_ids, feature_names, timestamp: formatMicros(micros), known_at };
        const { status, json, text } = await store.post('/api/v1/features/batch', body);
        expect(status, text).toBe(200);
        answers.push(json.rows);
      }
    }
    return JSON.parse(JSON.stringify(answers).replaceAll(`"${view}:`, '"'));
  };
  expect(await ask(given)).toEqual(await ask(expected));
}
