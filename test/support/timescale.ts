import { migrate, readMigrations } from '../../shared/platform/migrate.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../shared/platform/telemetry.ts';
import { enableTimescale } from '../../shared/values/index.ts';

/** Migrates the one database there is, which may have been migrated by a run before, and answers its address. */
export async function migrateTimescale(url: string): Promise<string> {
  const database = createPostgres({ url, maxPool: 1, connectTimeoutMillis: 30_000, telemetry: silentTelemetry });
  try {
    await migrate(database, await readMigrations(new URL('../../shared/migrations/', import.meta.url).pathname));
    if (await enableTimescale(database)) return url;
    throw new Error('The Postgres at TEST_TIMESCALE_URL has no TimescaleDB');
  } finally {
    await database.close();
  }
}
