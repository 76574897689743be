import type { GetItemCommandInput, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { callDynamoDb, type DynamoDbReads, type DynamoDbTables, type Item } from './dynamodb.ts';

/** The two calls of DynamoDB that reads are made of. */
export interface ReadCalls {
  getItem(input: GetItemCommandInput): Promise<{ readonly Item?: Item | undefined }>;
  query(input: QueryCommandInput): Promise<{
    readonly Items?: Item[] | undefined;
    /** The last key of the page; undefined where no page follows. */
    readonly LastEvaluatedKey?: Item | undefined;
  }>;
}

/** The same requests, whoever sends them. */
export function createDynamoDbReads(tables: DynamoDbTables, calls: ReadCalls): DynamoDbReads {
  return {
    tables,
    getItem: async (TableName, key) => {
      const { Item } = await callDynamoDb(() =>
        calls.getItem({ TableName, Key: keyOf(Object.entries(key)), ConsistentRead: true }),
      );
      return Item;
    },
    queryItems: async (TableName, name, value) => {
      const asked = {
        TableName,
        KeyConditionExpression: '#name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': { S: value } },
        ConsistentRead: true,
      };
      const items: Item[] = [];
      let after: Item | undefined;
      do {
        const from =
          after === undefined
            ? {}
            : { ExclusiveStartKey: keyOf(Object.entries(after).map(([part, { S = '' }]) => [part, S])) };
        const page = await callDynamoDb(() => calls.query({ ...asked, ...from }));
        items.push(...(page.Items ?? []));
        after = page.LastEvaluatedKey;
      } while (after !== undefined);
      return items;
    },
  };
}

/** Keys of our tables are texts. */
function keyOf(parts: readonly (readonly [name: string, text: string])[]): Record<string, { S: string }> {
  return Object.fromEntries(parts.map(([name, S]) => [name, { S }]));
}
