import type { TestProject } from 'vitest/node';
import type { PostgresLane } from './lane.ts';
import { createMigratedTemplate } from './migrated-template.ts';
import { createPgliteTemplate } from './pglite-template.ts';
import { startPostgres } from './postgres.ts';
import { startServices } from './services.ts';
import { migrateTimescale } from './timescale.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Given by the project in vitest.config.ts. */
    postgresLane: PostgresLane;
    /** The superuser's, for database `postgres`. On lane `postgres` alone. */
    postgresAdminUrl: string;
    /** The file that a migrated PGlite is loaded from. On lane `pglite` alone. */
    pgliteTemplate: string;
    /** On lane `timescale` alone. */
    timescaleUrl: string;
    redisUrl: string;
    /** `redis-cluster://host:port,host:port,host:port` */
    redisClusterUrl: string;
    /** Upstash's REST interface over the single Redis. */
    upstash: { url: string; token: string };
    dynamodbEndpoint: string;
  }
}

/** Starts the services once for all integration tests of a lane, which read the addresses with `inject()`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await startServices();
  project.provide('redisUrl', services.redisUrl);
  project.provide('redisClusterUrl', services.redisClusterUrl);
  project.provide('upstash', services.upstash);
  project.provide('dynamodbEndpoint', services.dynamodbEndpoint);
  const end = await preparePostgres[project.getProvidedContext().postgresLane](project);
  return async () => {
    await Promise.all([services.stop(), end()]);
  };
}

const preparePostgres: Readonly<Record<PostgresLane, (project: TestProject) => Promise<() => Promise<void>>>> = {
  postgres: async (project) => {
    const server = await startPostgres();
    await createMigratedTemplate(server.url);
    project.provide('postgresAdminUrl', server.url);
    return server.stop;
  },
  pglite: async (project) => {
    const template = await createPgliteTemplate();
    project.provide('pgliteTemplate', template.file);
    return template.remove;
  },
  timescale: async (project) => {
    project.provide('timescaleUrl', await migrateTimescale(process.env.TEST_TIMESCALE_URL ?? ''));
    return async () => {};
  },
};
