import { serve } from '@hono/node-server';
import { sweepProjections } from '../shared/ingestion/index.ts';
import { createSystemClock } from '../shared/platform/clock.ts';
import { EnvironmentError, readEnvironment } from '../shared/platform/environment.ts';
import { createLogger, type Logger } from '../shared/platform/logger.ts';
import { migrate, readMigrations } from '../shared/platform/migrate.ts';
import { createPrometheusTelemetry } from '../shared/platform/prometheus.ts';
import { UnavailableError } from '../shared/platform/unavailable.ts';
import { republishRegistry } from '../shared/registry/index.ts';
import type { RegistryCore } from './composition/core.ts';
import { composeApp } from './local/compose-app.ts';
import { developmentKeys, developmentTenants } from './local/development-tenants.ts';
import { parseLocalOptions } from './local/options.ts';
import { printBanner } from './local/print-banner.ts';
import { repeat } from './local/repeat.ts';
import { seedDevelopmentTenant } from './local/seed-development.ts';
import { type LocalStores, openLocalStores } from './local/stores.ts';

/** Only where no API_KEY_SECRET is set, which is a laptop. */
const laptopSecret = 'the secret of a laptop, not of a server';

/** The whole feature store in one process: the three functions' routes on one server, embedded stores, sample data. */
async function main(): Promise<void> {
  const options = parseLocalOptions(process.argv.slice(2));
  const environment = readEnvironment(process.env);
  const logger = createLogger({ level: environment.LOG_LEVEL, buffered: true });
  const telemetry = createPrometheusTelemetry();
  const clock = createSystemClock();
  const folder = options.memory ? undefined : environment.DATA_FOLDER;
  const stores = await openLocalStores({ environment, clock, telemetry, folder });
  const { app, core } = composeApp({
    environment,
    stores,
    clock,
    telemetry,
    logger,
    peppers: [{ id: '1', secret: environment.API_KEY_SECRET ?? laptopSecret }],
    developmentKeys: developmentKeys(),
  });

  const migrateOnce = createMigrateOnce(stores, core);
  await whilePostgresMayBeAway(logger, async () => {
    await migrateOnce();
    if (options.seed) await seedDevelopmentTenant(app);
  });
  // What the sweep job does each minute in AWS, each second here.
  const stopSweeping = repeat(logger, 1000, async () => {
    await migrateOnce();
    await sweepProjections({ database: stores.writer, cache: stores.cache });
  });
  const server = serve({ fetch: app.hono.fetch, hostname: environment.HOST, port: environment.PORT }, ({ port }) =>
    printBanner({ port, folder, described: stores.described, environment }),
  );

  const close = async (): Promise<void> => {
    process.off('SIGINT', close).off('SIGTERM', close);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await stopSweeping();
    await stores.close();
    logger.flush();
    process.exit(0);
  };
  process.on('SIGINT', close).on('SIGTERM', close);
}

/** Migrates the first time that Postgres lets it; after that does nothing. */
function createMigrateOnce({ admin, owner }: LocalStores, { store, publish }: RegistryCore): () => Promise<void> {
  let isDone = false;
  return async () => {
    if (isDone) return;
    await migrate(admin, await readMigrations(new URL('../shared/migrations/', import.meta.url).pathname));
    for (const tenant of developmentTenants) await republishRegistry({ database: owner, store, publish }, tenant);
    isDone = true;
  };
}

/** The server starts all the same where Postgres is away: the cache may answer, and the sweep migrates later. */
async function whilePostgresMayBeAway(logger: Logger, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    logger.warn({ err: error }, 'Postgres is unavailable: started without migrating');
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof EnvironmentError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
