import { isObject } from '../contract/is-object.ts';
import type { AwsCredentials } from './aws.ts';
import { createAwsJson } from './aws-json.ts';
import {
  type Attribute,
  createDynamoDbBreaker,
  type DynamoDbOptions,
  type DynamoDbReads,
  type Item,
  nameTables,
} from './dynamodb.ts';
import { createDynamoDbReads } from './dynamodb-reads.ts';

export interface SignedDynamoDbOptions extends DynamoDbOptions {
  readonly credentials: AwsCredentials;
}

/**
 * DynamoDB's reads without the SDK, of which a cold start would wait for 200 KB and its first call. As with the SDK a call is
 * tried three times for a second each at most, out of a budget (retry-aws-calls.ts), behind the same breaker.
 */
export function createSignedDynamoDb(options: SignedDynamoDbOptions): DynamoDbReads & { close(): void } {
  const { tablePrefix, ...others } = options;
  const aws = createAwsJson({ service: 'dynamodb', target: 'DynamoDB_20120810', version: '1.0', ...others });
  const breaker = createDynamoDbBreaker();
  const call = async (action: string, input: object): Promise<Record<string, unknown>> => {
    const answer = await breaker.run(() => aws.call(action, input));
    return isObject(answer) ? answer : {};
  };
  const reads = createDynamoDbReads(nameTables(tablePrefix), {
    getItem: async (input) => ({ Item: itemOf((await call('GetItem', input)).Item) }),
    query: async (input) => {
      const { Items, LastEvaluatedKey } = await call('Query', input);
      return {
        Items: Array.isArray(Items) ? Items.map(itemOf).filter((item) => item !== undefined) : [],
        LastEvaluatedKey: itemOf(LastEvaluatedKey),
      };
    },
  });
  return { ...reads, close: aws.close };
}

function itemOf(given: unknown): Item | undefined {
  if (!isObject(given)) return undefined;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, attributeOf(value)]));
}

/** By hand: the schema of an item is compiled when it is first used, and every attribute is looked at again by what reads it. */
function attributeOf(given: unknown): Attribute {
  if (!isObject(given)) return {};
  const { S, N, B, SS } = given;
  if (typeof S === 'string') return { S };
  if (typeof N === 'string') return { N };
  if (typeof B === 'string') return { B: Buffer.from(B, 'base64') };
  return Array.isArray(SS) ? { SS: SS.map(String) } : {};
}
