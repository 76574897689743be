import { checkFilter } from '../../shared/filters/index.ts';
import { createReadStatistics } from '../../shared/statistics/index.ts';
import { createReadBatch } from '../../shared/training/index.ts';
import { composePublishing } from '../composition/core.ts';
import { composeDynamoDb } from '../composition/dynamodb.ts';
import { composeLambda, lambdaHandler } from '../composition/lambda.ts';
import { tableEffects } from '../composition/table-effects.ts';
import { mountRegistry } from './app.ts';

const parts = await composeLambda({ openDynamoDb: composeDynamoDb, queryTimeoutMillis: 12_000 });
const { publish } = composePublishing(parts);
mountRegistry(parts.app, {
  register: {
    database: parts.database,
    clock: parts.clock,
    defaultRetentionDays: parts.environment.DEFAULT_RETENTION_DAYS,
    effects: { ...tableEffects, publish },
    checkFilter,
  },
  registries: parts.registries,
  readBatch: createReadBatch(parts),
  readStatistics: createReadStatistics(parts),
  cache: parts.cache,
  tenancy: parts,
  referenceScript: new URL('reference.js', import.meta.url),
});

export const handler = lambdaHandler(parts);
