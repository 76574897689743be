import { readEnvironment, required } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { migrate, readMigrations } from '../../shared/platform/migrate.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../shared/platform/telemetry.ts';

const environment = readEnvironment(process.env);
const logger = createLogger({ level: environment.LOG_LEVEL, buffered: false });

/** Brings the database to the newest schema; the deployment waits for it and stops where it throws. The .sql files lie beside the bundle. */
export async function handler(): Promise<{ ran: string[] }> {
  const database = createPostgres({
    url: required(environment, 'POSTGRES_URL'),
    maxPool: 1,
    telemetry: silentTelemetry,
  });
  try {
    const ran = await migrate(database, await readMigrations(new URL('migrations/', import.meta.url).pathname));
    logger.info({ ran }, 'migrated');
    return { ran };
  } finally {
    await database.close();
  }
}
