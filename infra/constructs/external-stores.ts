import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { ExternalSettings } from '../store-settings.ts';
import type { Secrets } from './node-function.ts';
import type { Stores } from './stores.ts';

/** A Postgres and a Redis that others keep, such as Timescale Cloud and Upstash: nothing is made, secrets name them. */
export function externalStores(scope: Construct, settings: ExternalSettings): Stores {
  return {
    postgresUrl: `postgres://${settings.postgres}?sslmode=verify-full`,
    adminSecret: Secret.fromSecretNameV2(scope, 'Postgres', settings.postgresSecret),
    cache: { environment: {}, secrets: cacheSecrets(scope, settings) },
    cluster: undefined,
    watched: undefined,
  };
}

/** By which protocol functions reach the cache follows from which of these they are given. */
function cacheSecrets(scope: Construct, { redisSecret, upstashSecrets }: ExternalSettings): Secrets {
  return {
    ...(redisSecret && { REDIS_URL_ARN: Secret.fromSecretNameV2(scope, 'Redis', redisSecret) }),
    ...(upstashSecrets && {
      UPSTASH_REDIS_REST_URL_ARN: Secret.fromSecretNameV2(scope, 'UpstashUrl', upstashSecrets.url),
      UPSTASH_REDIS_REST_TOKEN_ARN: Secret.fromSecretNameV2(scope, 'UpstashToken', upstashSecrets.token),
    }),
  };
}
