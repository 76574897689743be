import type { Environment } from '../../shared/platform/environment.ts';
import type { Dependency } from '../../shared/platform/unavailable.ts';
import type { LocalStores } from './stores.ts';
import { topicsOf } from './streams.ts';

export interface Banner {
  readonly port: number;
  readonly folder: string | undefined;
  readonly described: LocalStores['described'];
  readonly environment: Environment;
  /** The store that does not answer. */
  readonly away: Dependency | undefined;
}

/** What somebody who has just started it wants to know, ending with a request to paste. */
export function printBanner({ port, folder, described, environment, away }: Banner): void {
  const url = `http://${environment.HOST === '127.0.0.1' ? 'localhost' : environment.HOST}:${port}`;
  const lines = [
    '',
    `Feature Store is ready at ${url} (docs at ${url}/docs)`,
    `Postgres: ${described.postgres}; cache: ${described.cache}; DynamoDB: ${described.dynamodb}; Kinesis: ${described.kinesis}`,
    ...describeKafka(environment),
    ...describeAway(away),
    folder === undefined ? 'Data is in memory and ends with this process' : `Data is kept in ${folder}`,
    'API keys: tenant1_key (has the sample data) and tenant2_key (empty). Try:',
    '',
    `curl -s ${url}/api/v1/features/online -H 'X-API-Key: tenant1_key' -H 'Content-Type: application/json' \\`,
    `  -d '{"entity_id":"user_123","feature_names":["user_age","user_lifetime_value","last_purchase_days"]}'`,
    '',
    '',
  ];
  process.stdout.write(lines.join('\n'));
}

function describeAway(away: Dependency | undefined): string[] {
  if (away === 'postgres') return ['Postgres does not answer now: until it does, only what the cache holds is served'];
  if (away === 'dynamodb')
    return ['DynamoDB (AWS_ENDPOINT_URL_DYNAMODB) does not answer now: until it does, nothing is served'];
  return [];
}

/** Nothing where nobody speaks of it. */
function describeKafka(environment: Environment): string[] {
  const { KAFKA_BROKERS: brokers } = environment;
  const topics = topicsOf(environment).join(', ');
  if (brokers === undefined) return topics === '' ? [] : [`Not read, since KAFKA_BROKERS is not set: topics ${topics}`];
  if (topics === '') return ['KAFKA_BROKERS is set, and neither STREAM_BINDINGS nor KAFKA_TOPIC names a topic to read'];
  return [`Kafka: ${topics} at ${brokers}`];
}
