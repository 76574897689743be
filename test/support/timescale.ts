import type { Database } from '../../shared/platform/database.ts';
import { migrate, readMigrations } from '../../shared/platform/migrate.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../shared/platform/telemetry.ts';
import { enableTimescale } from '../../shared/values/index.ts';

/** Migrates the one database there is, which may have been migrated by a run before, and answers its address. */
export async function migrateTimescale(url: string): Promise<string> {
  const database = createPostgres({ url, maxPool: 1, connectTimeoutMillis: 30_000, telemetry: silentTelemetry });
  try {
    await rewriteCatalogueRow(database);
    await migrate(database, await readMigrations(new URL('../../shared/migrations/', import.meta.url).pathname));
    if (await enableTimescale(database)) return url;
    throw new Error('The Postgres at TEST_TIMESCALE_URL has no TimescaleDB');
  } finally {
    await database.close();
  }
}

/**
 * Sets what is set already. TimescaleDB in WebAssembly starts with a catalogue cache older than its files: the first GRANT
 * on the database ends with "tuple concurrently deleted" until the row was written again.
 */
async function rewriteCatalogueRow(database: Database): Promise<void> {
  await database.script(`
    DO $$
    BEGIN
      EXECUTE (
        SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', datname, datconnlimit)
        FROM pg_database WHERE datname = current_database()
      );
    END
    $$`);
}
