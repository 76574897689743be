import type { TestProject } from 'vitest/node';
import { createMigratedTemplate } from './migrated-template.ts';
import { startServices } from './services.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresAdminUrl: string;
    redisUrl: string;
    /** `redis-cluster://host:port,host:port,host:port` */
    redisClusterUrl: string;
    dynamodbEndpoint: string;
  }
}

/** Starts the services once for all integration tests, which read the addresses with `inject()`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await startServices();
  await createMigratedTemplate(services.postgresAdminUrl);
  project.provide('postgresAdminUrl', services.postgresAdminUrl);
  project.provide('redisUrl', services.redisUrl);
  project.provide('redisClusterUrl', services.redisClusterUrl);
  project.provide('dynamodbEndpoint', services.dynamodbEndpoint);
  return services.stop;
}
