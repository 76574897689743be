import { cacheRoutes } from './cache.ts';
import { eventRoutes } from './events.ts';
import { featureServiceRoutes } from './feature-services.ts';
import { featureViewRoutes } from './feature-views.ts';
import { featureRoutes } from './features.ts';
import { ingestRoutes } from './ingest.ts';
import { onlineRoutes } from './online.ts';
import { operationsRoutes } from './operations.ts';
import type { Route } from './route.ts';
import { statisticsRoutes } from './statistics.ts';
import { streamSourceRoutes } from './stream-sources.ts';
import { tenancyRoutes } from './tenancy.ts';
import { trainingRoutes } from './training.ts';

/** Every route of every function, for the OpenAPI document and for tests that go over them all. */
export const allRoutes: readonly Route[] = [
  ...Object.values(featureRoutes),
  ...Object.values(featureViewRoutes),
  ...Object.values(statisticsRoutes),
  ...Object.values(streamSourceRoutes),
  ...Object.values(eventRoutes),
  ...Object.values(featureServiceRoutes),
  ...Object.values(cacheRoutes),
  ...Object.values(ingestRoutes),
  ...Object.values(onlineRoutes),
  ...Object.values(trainingRoutes),
  ...Object.values(tenancyRoutes),
  ...Object.values(operationsRoutes),
];
