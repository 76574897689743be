import type { OnlineCache } from '../../shared/cache/index.ts';
import type { RegisterDependencies, Registries } from '../../shared/registry/index.ts';
import type { ReadStatistics } from '../../shared/statistics/index.ts';
import type { ReadBatch } from '../../shared/training/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { mountCache } from './cache-routes.ts';
import { mountDocs } from './docs-routes.ts';
import { mountRegistryReads } from './read-routes.ts';
import { mountRegistration } from './register-routes.ts';
import { mountStatistics } from './statistics-routes.ts';
import { mountTenancy, type TenancyDependencies } from './tenancy-routes.ts';
import { mountTraining } from './training-routes.ts';

export interface RegistryAppDependencies {
  readonly register: RegisterDependencies;
  readonly registries: Registries;
  readonly readBatch: ReadBatch;
  readonly readStatistics: ReadStatistics;
  readonly cache: OnlineCache;
  readonly tenancy: TenancyDependencies;
  /** The API reference's script file: of the package on a laptop, beside the bundle in Lambda. */
  readonly referenceScript: URL;
}

/** Everything that is not the hot path: definitions, point-in-time reads, keys, docs. */
export function mountRegistry(app: FunctionApp, dependencies: RegistryAppDependencies): void {
  mountRegistration(app, dependencies.register);
  mountRegistryReads(app, { registries: dependencies.registries, database: dependencies.register.database });
  mountTraining(app, dependencies.readBatch);
  mountStatistics(app, dependencies.readStatistics);
  mountCache(app, dependencies);
  mountTenancy(app, dependencies.tenancy);
  mountDocs(app, dependencies);
}
