import { serve } from '@hono/node-server';
import { createIngestRows, sweepProjections } from '../shared/ingestion/index.ts';
import { createReadOnline } from '../shared/online/index.ts';
import { createSystemClock } from '../shared/platform/clock.ts';
import { EnvironmentError, readEnvironment } from '../shared/platform/environment.ts';
import { createLogger, type Logger } from '../shared/platform/logger.ts';
import { migrate, readMigrations } from '../shared/platform/migrate.ts';
import { createPrometheusTelemetry } from '../shared/platform/prometheus.ts';
import { UnavailableError } from '../shared/platform/unavailable.ts';
import { republishRegistry } from '../shared/registry/index.ts';
import { claimArrival, createAuthenticator, listTenants, type Peppers } from '../shared/tenancy/index.ts';
import { createReadBatch } from '../shared/training/index.ts';
import { addFeatureColumns, createViewTable } from '../shared/values/index.ts';
import { composeRegistries, type RegistryCore } from './composition/core.ts';
import { createApp, type FunctionApp } from './http/create-app.ts';
import { mountHealth, mountMetrics } from './http/operations.ts';
import { mountIngest } from './ingest/app.ts';
import { developmentKeys, developmentTenants } from './local/development-tenants.ts';
import { parseLocalOptions } from './local/options.ts';
import { printBanner } from './local/print-banner.ts';
import { repeat } from './local/repeat.ts';
import { seedDevelopmentTenant } from './local/seed-development.ts';
import { type LocalStores, openLocalStores } from './local/stores.ts';
import { mountOnline } from './online/app.ts';
import { mountRegistry } from './registry/app.ts';

/** The whole feature store in one process: the three functions' routes on one server, embedded stores, sample data. */
async function main(): Promise<void> {
  const options = parseLocalOptions(process.argv.slice(2));
  const environment = readEnvironment(process.env);
  const logger = createLogger({ level: environment.LOG_LEVEL, buffered: true });
  const telemetry = createPrometheusTelemetry();
  const clock = createSystemClock();
  const folder = options.memory ? undefined : environment.DATA_FOLDER;
  const stores = await openLocalStores({ environment, clock, telemetry, folder });
  const core = composeRegistries({ dynamodb: stores.dynamodb, cache: stores.cache, clock });
  const peppers: Peppers = [{ id: '1', secret: environment.API_KEY_SECRET ?? 'secret of a laptop, not of a server' }];

  const app = createApp({
    authenticate: createAuthenticator({
      dynamodb: stores.dynamodb,
      peppers,
      clock,
      developmentKeys: developmentKeys(),
    }),
    platformKey: environment.PLATFORM_API_KEY,
    logger,
    telemetry,
  });
  const { registries, publish } = core;
  const { cache, dynamodb } = stores;
  mountOnline(app, { readOnline: createReadOnline({ registries, cache, database: stores.reader, clock, telemetry }) });
  mountIngest(app, {
    ingestRows: createIngestRows({
      registries,
      cache,
      database: stores.writer,
      clock,
      futureToleranceSeconds: environment.EVENT_TIME_TOLERANCE_SECONDS,
    }),
    claimArrival: (ctx, claim) => claimArrival({ dynamodb, clock }, ctx, claim),
  });
  mountRegistry(app, {
    register: {
      database: stores.owner,
      clock,
      defaultRetentionDays: environment.DEFAULT_RETENTION_DAYS,
      effects: { createViewTable, addFeatureColumns, publish },
    },
    registries,
    readBatch: createReadBatch({ registries, database: stores.reader, clock }),
    cache,
    tenancy: { dynamodb, clock, peppers },
    referenceScript: new URL('./browser/standalone.js', import.meta.resolve('@scalar/api-reference')),
  });
  mountHealth(app, {
    postgres: () => stores.reader.rows({ name: 'ping', text: 'SELECT 1' }),
    cache: () => cache.ping(),
    dynamodb: () => listTenants({ dynamodb }),
  });
  mountMetrics(app, telemetry);

  await prepare(app, stores, core, options.seed, logger);
  const stopSweeping = repeat(1000, () => sweep(stores, core), logger);
  const server = serve({ fetch: app.hono.fetch, hostname: environment.HOST, port: environment.PORT }, ({ port }) => {
    printBanner({ port, folder, described: stores.described, environment });
  });

  let isClosing = false;
  const close = async (): Promise<void> => {
    if (isClosing) return;
    isClosing = true;
    await stopSweeping();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await stores.close();
    logger.flush();
    process.exit(0);
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
}

/** Migrates and seeds. Where Postgres is away the server starts all the same: the cache may answer, and the sweep migrates later. */
async function prepare(
  app: FunctionApp,
  stores: LocalStores,
  core: RegistryCore,
  shouldSeed: boolean,
  logger: Logger,
): Promise<void> {
  try {
    await migrateLocally(stores, core);
    if (shouldSeed) await seedDevelopmentTenant(app);
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    logger.warn({ err: error }, 'Postgres is unavailable: started without migrating');
  }
}

let isMigrated = false;

async function migrateLocally({ admin, owner }: LocalStores, { store, publish }: RegistryCore): Promise<void> {
  await migrate(admin, await readMigrations(new URL('../shared/migrations/', import.meta.url).pathname));
  for (const tenant of developmentTenants) await republishRegistry({ database: owner, store, publish }, tenant);
  isMigrated = true;
}

/** What the sweep job does each minute in AWS, each second here. */
async function sweep(stores: LocalStores, core: RegistryCore): Promise<void> {
  if (!isMigrated) await migrateLocally(stores, core);
  await sweepProjections({ database: stores.writer, cache: stores.cache });
}

try {
  await main();
} catch (error) {
  if (!(error instanceof EnvironmentError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
