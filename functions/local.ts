import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { sweepProjections } from '../shared/ingestion/index.ts';
import { maintain } from '../shared/maintenance/index.ts';
import { createSystemClock } from '../shared/platform/clock.ts';
import { ensureTables } from '../shared/platform/dynamodb-tables.ts';
import { readEnvironment } from '../shared/platform/environment.ts';
import { createLogger, type Logger } from '../shared/platform/logger.ts';
import { migrate, readMigrations } from '../shared/platform/migrate.ts';
import { createPrometheusTelemetry } from '../shared/platform/prometheus.ts';
import { type Dependency, UnavailableError } from '../shared/platform/unavailable.ts';
import { republishRegistry } from '../shared/registry/index.ts';
import { listTenantContexts } from '../shared/tenancy/index.ts';
import { enableTimescale } from '../shared/values/index.ts';
import type { RegistryCore } from './composition/core.ts';
import { defaultLimit } from './composition/default-limit.ts';
import { composeApp } from './local/compose-app.ts';
import { developmentKeys, developmentTenants } from './local/development-tenants.ts';
import { drainServer } from './local/drain-server.ts';
import { listen, refuseTakenPort } from './local/listen.ts';
import { parseLocalOptions } from './local/options.ts';
import { printBanner } from './local/print-banner.ts';
import { repeat } from './local/repeat.ts';
import { runLocalBackfills } from './local/run-backfills.ts';
import { seedDevelopmentTenant } from './local/seed-development.ts';
import { explainStart } from './local/start-error.ts';
import { startSampleStream } from './local/start-sample-stream.ts';
import { type LocalStores, openLocalStores } from './local/stores.ts';
import { openStreams } from './local/streams.ts';
import { whenNpmEnds } from './local/when-npm-ends.ts';

/** Only where no API_KEY_SECRET is set, which is a laptop. */
const laptopSecret = 'the secret of a laptop, not of a server';

/** Milliseconds for which a stop waits for requests under way, and for everything. */
const requestsMillis = 3000;
const closeMillis = 4500;

/** Longer than the minute that clients and balancers keep a connection: after Node's 5 s a request may be sent as it is closed. */
const keepAliveMillis = 65_000;

/** The whole feature store in one process: the three functions' routes on one server, embedded stores, sample data. */
async function main(): Promise<void> {
  const options = parseLocalOptions(process.argv.slice(2));
  const environment = readEnvironment(process.env);
  const address = { host: environment.HOST, port: environment.PORT };
  await refuseTakenPort(address);
  const logger = createLogger({ level: environment.LOG_LEVEL, buffered: true });
  const clock = createSystemClock();
  const telemetry = createPrometheusTelemetry({ clock });
  const folder = options.memory ? undefined : environment.DATA_FOLDER;
  const stores = await openLocalStores({ environment, clock, telemetry, logger, folder });
  const envelopeSecret = environment.ENVELOPE_SECRET ?? laptopSecret;
  const { app, core, publishEvents } = composeApp({
    environment,
    stores,
    clock,
    telemetry,
    logger,
    peppers: [{ id: '1', secret: environment.API_KEY_SECRET ?? laptopSecret }],
    envelopeSecret,
    developmentKeys: developmentKeys(defaultLimit(environment)),
  });
  const streams = openStreams({ environment, stores, core, clock, telemetry, logger, envelopeSecret, folder });

  const migrateOnce = createMigrateOnce(stores, core);
  // What the sweep job does of projections each minute in AWS, each second here, and before the first request is answered.
  const sweep = async (): Promise<void> => {
    await migrateOnce();
    await sweepProjections({ database: stores.writer, cache: stores.cache });
  };
  const maintainAll = async (): Promise<void> => {
    await migrateOnce();
    const made = await listTenantContexts(stores);
    const dependencies = { database: stores.maintenance, clock, telemetry };
    const { failures } = await maintain(dependencies, [...developmentTenants, ...made]);
    for (const { error, table } of failures) logger.error({ err: error, table }, 'maintenance failed');
  };
  const backfill = async (): Promise<void> => {
    await migrateOnce();
    await runLocalBackfills({ stores, core, clock, logger });
  };
  // The server starts all the same: the cache may answer, and the sweep migrates later.
  const away = await unlessAway(logger, ['postgres', 'dynamodb'], async () => {
    await migrateOnce();
    await unlessAway(logger, ['cache'], sweep);
    if (options.seed) await seedDevelopmentTenant(app);
  });
  await streams.start(migrateOnce);
  const stopJobs = [
    streams.stop,
    repeat(logger, { name: 'sweep', pauseMillis: 1000, firstPauseMillis: 1000, work: sweep }),
    repeat(logger, { name: 'backfill', pauseMillis: 2000, firstPauseMillis: 500, work: backfill }),
    // Each five minutes in AWS; here soon after the start, so that sample data has statistics.
    repeat(logger, { name: 'maintenance', pauseMillis: 30_000, firstPauseMillis: 100, work: maintainAll }),
  ];
  const server = createServer(getRequestListener(app.hono.fetch));
  server.keepAliveTimeout = keepAliveMillis;
  const close = async (): Promise<void> => {
    process.off('SIGINT', close).off('SIGTERM', close);
    // Whoever stops a process waits for it: a store that hangs does not.
    setTimeout(() => process.exit(0), closeMillis).unref();
    await drainServer(server, requestsMillis);
    await Promise.all(stopJobs.map((stop) => stop()));
    await streams.drain();
    await stores.close();
    process.exit(0);
  };
  process.on('SIGINT', close).on('SIGTERM', close);
  whenNpmEnds(close);
  const port = await listen(server, address);
  printBanner({ port, folder, described: stores.described, environment, away });
  if (options.seed && options.sampleEvents && away === undefined) {
    stopJobs.push(startSampleStream({ app, publishEvents, logger }));
  }
}

/** Makes what the stores need the first time that they let it; after that does nothing. */
function createMigrateOnce(
  { admin, owner, dynamodb }: LocalStores,
  { store, publish }: RegistryCore,
): () => Promise<void> {
  let isDone = false;
  return async () => {
    if (isDone) return;
    await ensureTables(dynamodb);
    await migrate(admin, await readMigrations(new URL('../shared/migrations/', import.meta.url).pathname));
    await enableTimescale(admin);
    for (const tenant of developmentTenants) await republishRegistry({ database: owner, store, publish }, tenant);
    isDone = true;
  };
}

/** Answers which of the stores is away, in which case the work was not done. */
async function unlessAway(
  logger: Logger,
  stores: readonly Dependency[],
  work: () => Promise<void>,
): Promise<Dependency | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof UnavailableError && stores.includes(error.dependency))) throw error;
    logger.warn({ err: error }, `${error.dependency} is unavailable: started without it`);
    return error.dependency;
  }
}

try {
  await main();
} catch (error) {
  const explained = explainStart(error);
  if (explained === undefined) throw error;
  process.stderr.write(`${explained}\n`);
  process.exit(1);
}
