import { required } from '../../shared/platform/environment.ts';
import { createLogger } from '../../shared/platform/logger.ts';
import { migrate, readMigrations } from '../../shared/platform/migrate.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../shared/platform/telemetry.ts';
import { enableTimescale } from '../../shared/values/index.ts';
import { readLambdaEnvironment } from '../composition/read-lambda-environment.ts';
import { loginSchema, readSecret } from '../composition/read-secret.ts';
import { type RoleLogin, setRolePasswords } from './set-role-passwords.ts';

const environment = await readLambdaEnvironment(process.env);
const logger = createLogger({ level: environment.LOG_LEVEL, buffered: false });

/**
 * Brings the database to the newest schema, takes TimescaleDB in where it is offered, and gives the roles the passwords of
 * their secrets; the deployment waits for it and stops where it throws. The .sql files lie beside the bundle.
 */
export async function handler(): Promise<{ ran: string[]; timescale: boolean }> {
  const database = createPostgres({
    url: required(environment, 'POSTGRES_URL'),
    maxPool: 1,
    // Aurora answers some seconds late when it has just been made.
    connectTimeoutMillis: 30_000,
    telemetry: silentTelemetry,
  });
  try {
    const ran = await migrate(database, await readMigrations(new URL('migrations/', import.meta.url).pathname));
    const timescale = await enableTimescale(database);
    await setRolePasswords(database, await readRoleLogins());
    logger.info({ ran, timescale }, 'migrated');
    return { ran, timescale };
  } finally {
    await database.close();
  }
}

function readRoleLogins(): Promise<RoleLogin[]> {
  const { POSTGRES_OWNER_SECRET_ARN, POSTGRES_WRITER_SECRET_ARN, POSTGRES_READER_SECRET_ARN } = process.env;
  const arns = [POSTGRES_OWNER_SECRET_ARN, POSTGRES_WRITER_SECRET_ARN, POSTGRES_READER_SECRET_ARN];
  return Promise.all(
    arns
      .filter((arn) => arn !== undefined)
      .map(async (arn) => loginSchema.parse(JSON.parse(await readSecret(process.env, arn)))),
  );
}
