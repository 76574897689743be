import { randomBytes } from 'node:crypto';
import { inject, onTestFinished } from 'vitest';
import type { Clock } from '../../../shared/platform/clock.ts';
import type { DynamoDb, DynamoDbReads } from '../../../shared/platform/dynamodb.ts';
import { ensureTables } from '../../../shared/platform/dynamodb-tables.ts';
import { createDynamoDb } from '../../../shared/platform/sdk-dynamodb.ts';
import { createSignedDynamoDb } from '../../../shared/platform/signed-dynamodb.ts';
import type { Peppers } from '../../../shared/tenancy/index.ts';

export interface TestClock extends Clock {
  advanceSeconds(seconds: number): void;
}

export const peppers: Peppers = [{ id: '1', secret: 'pepper of the tests' }];

/** Tables of its own, made, in the shared dynalite. */
export async function setUpTables(tablePrefix = uniquePrefix()): Promise<DynamoDb> {
  const dynamodb = connect(tablePrefix);
  await ensureTables(dynamodb);
  return dynamodb;
}

export function uniquePrefix(): string {
  return `test-${randomBytes(6).toString('hex')}-`;
}

export function connect(tablePrefix: string, endpoint = inject('dynamodbEndpoint')): DynamoDb {
  const dynamodb = createDynamoDb({ region: 'eu-central-1', endpoint, tablePrefix });
  onTestFinished(() => dynamodb.client.destroy());
  return dynamodb;
}

/** Without the SDK, as online reads. */
export function connectSigned(tablePrefix: string, endpoint = inject('dynamodbEndpoint')): DynamoDbReads {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const dynamodb = createSignedDynamoDb({ region: 'eu-central-1', endpoint, tablePrefix, credentials });
  onTestFinished(() => dynamodb.close());
  return dynamodb;
}

/** Stands still until it is told otherwise. */
export function createTestClock(): TestClock {
  let nowMicros = Date.UTC(2026, 0, 31, 12) * 1000;
  let lastArrival = 0;
  return {
    nowMicros: () => nowMicros,
    arrivalMicros: () => {
      lastArrival = Math.max(nowMicros, lastArrival + 1);
      return lastArrival;
    },
    advanceSeconds: (seconds) => {
      nowMicros += seconds * 1_000_000;
    },
  };
}

/** The names of the calls that a client sends from now on. */
export function recordCalls({ client }: DynamoDb): string[] {
  const calls: string[] = [];
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        calls.push(commandName);
        return next(args);
      },
    { step: 'initialize', name: 'recordCalls' },
  );
  return calls;
}

/** The same reads, and the names of those that are made. */
export function recordReads(dynamodb: DynamoDbReads): { reads: DynamoDbReads; calls: string[] } {
  const calls: string[] = [];
  const reads: DynamoDbReads = {
    tables: dynamodb.tables,
    getItem: (...asked) => {
      calls.push('getItem');
      return dynamodb.getItem(...asked);
    },
    queryItems: (...asked) => {
      calls.push('queryItems');
      return dynamodb.queryItems(...asked);
    },
  };
  return { reads, calls };
}
