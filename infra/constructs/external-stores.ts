import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { ExternalSettings } from '../store-settings.ts';
import type { Stores } from './stores.ts';

/** A Postgres and a Redis that others keep, such as Timescale Cloud and Upstash: nothing is made, two secrets name them. */
export function externalStores(scope: Construct, settings: ExternalSettings): Stores {
  return {
    postgresUrl: `postgres://${settings.postgres}?sslmode=verify-full`,
    adminSecret: Secret.fromSecretNameV2(scope, 'Postgres', settings.postgresSecret),
    cache: {
      environment: {},
      secrets: { REDIS_URL_ARN: Secret.fromSecretNameV2(scope, 'Redis', settings.redisSecret) },
    },
    cluster: undefined,
    watched: undefined,
  };
}
