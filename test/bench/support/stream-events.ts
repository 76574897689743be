import { randomUUID } from 'node:crypto';

/** A transaction as a shop would send it: some 150 bytes of JSON. */
export interface Transaction {
  readonly event_id: string;
  readonly user_id: string;
  readonly merchant: string;
  readonly amount: number;
  readonly at: string;
}

export const transactionSource = {
  name: 'transactions',
  schema: { user_id: 'string', merchant: 'string', amount: 'float64', at: 'timestamp' },
  event_time: 'at',
};

const over = (windows: readonly string[], functions: readonly string[]) =>
  windows.flatMap((window) =>
    functions.map((name) => ({
      name: `amount_${name}_${window}`,
      function: name,
      ...(name === 'count' ? {} : { field: 'amount' }),
      window,
    })),
  );

/** Fifteen features of numbers, and five of what else stream views compute: twenty of each event. */
export const transactionViews = [
  {
    ...{ name: 'user_spending', entity_type: 'bench_user', source: 'transactions', entity_key: 'user_id' },
    aggregations: over(['1h', '24h', '7d'], ['count', 'sum', 'avg', 'min', 'max']),
  },
  {
    ...{ name: 'user_habits', entity_type: 'bench_user', source: 'transactions', entity_key: 'user_id' },
    aggregations: [
      { name: 'merchants_24h', function: 'count_distinct', field: 'merchant', window: '24h' },
      { name: 'merchants_7d', function: 'count_distinct', field: 'merchant', window: '7d' },
      { name: 'last_merchant_7d', function: 'last', field: 'merchant', window: '7d' },
      { name: 'last_amounts_24h', function: 'last_k', field: 'amount', window: '24h', k: 5 },
      { name: 'amount_stddev_7d', function: 'stddev', field: 'amount', window: '7d' },
    ],
  },
];

export const featuresPerEvent = transactionViews.reduce((sum, { aggregations }) => sum + aggregations.length, 0);

export interface Users {
  readonly count: number;
  /** Of 0 to count - 1. */
  readonly pick: () => number;
}

export function uniformUsers(count: number): Users {
  return { count, pick: () => Math.floor(Math.random() * count) };
}

/** The user of rank r comes 1/r as often as the first (exponent 1). */
export function zipfUsers(count: number): Users {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1);
    sums[rank] = sum;
  }
  const pick = (): number => {
    const wanted = Math.random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return { count, pick };
}

/** Of a hundred events two came before and one is up to two hours late. */
export function createTransactions(users: number): (user: number) => Transaction {
  let before: Transaction[] = [];
  return (user) => {
    const again = Math.random() < 0.02 ? before[Math.floor(Math.random() * before.length)] : undefined;
    if (again !== undefined) return again;
    const lateMillis = Math.random() < 0.01 ? Math.random() * 7_200_000 : Math.random() * 2000;
    const made = {
      event_id: randomUUID(),
      user_id: `user_${user % users}`,
      // Of twenty that the user goes to.
      merchant: `merchant_${(user * 31 + Math.floor(Math.random() * 20)) % 500}`,
      amount: Math.round(Math.random() * 50_000) / 100,
      at: new Date(Date.now() - lateMillis).toISOString(),
    };
    if (before.length === 10_000) before = [];
    before.push(made);
    return made;
  };
}

let sequence = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;

/** What Lambda hands over of one shard of a stream. */
export function kinesisEvent(stream: string, shard: number, bodies: readonly unknown[]): unknown {
  const Records = bodies.map((body) => {
    sequence += 1n;
    return {
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: String(shard),
        sequenceNumber: String(sequence),
        data: Buffer.from(JSON.stringify(body)).toString('base64'),
        approximateArrivalTimestamp: Date.now() / 1000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `shardId-00000000000${shard}:${sequence}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: 'arn:aws:iam::123456789012:role/lambda-role',
      awsRegion: 'us-east-1',
      eventSourceARN: `arn:aws:kinesis:us-east-1:123456789012:stream/${stream}`,
    };
  });
  return { Records };
}
