/** The sample data: three views of users, one of merchants and one of users' transactions, the same for everyone who starts it. */

export const sampleRegistrations: readonly {
  readonly path: string;
  readonly body: unknown;
  /** Where it is found once it is registered. */
  readonly at: string;
}[] = [
  {
    path: '/api/v1/features/register',
    at: '/api/v1/feature-views/user_lifetime_value@1',
    body: {
      name: 'user_lifetime_value',
      version: 1,
      dtype: 'float64',
      entity_type: 'user',
      ttl_hours: 24,
      description: 'Total revenue from a user, in USD',
      tags: ['revenue', 'user'],
    },
  },
  {
    path: '/api/v1/feature-views',
    at: '/api/v1/feature-views/user_profile@1',
    body: {
      name: 'user_profile',
      entity_type: 'user',
      description: 'Who a user is',
      tags: ['user'],
      features: [
        { name: 'user_age', dtype: 'int64', description: 'In years' },
        { name: 'country', dtype: 'string', description: 'ISO 3166 code' },
        { name: 'is_premium', dtype: 'bool' },
        { name: 'signed_up_at', dtype: 'timestamp' },
      ],
    },
  },
  {
    path: '/api/v1/feature-views',
    at: '/api/v1/feature-views/user_activity@1',
    body: {
      name: 'user_activity',
      entity_type: 'user',
      description: 'What a user does, by day',
      tags: ['user', 'activity'],
      ttl_hours: 72,
      features: [
        { name: 'last_purchase_days', dtype: 'int64', description: 'Days since the last purchase' },
        { name: 'purchases_30d', dtype: 'int64' },
        { name: 'avg_order_value', dtype: 'float64', description: 'In USD, over 30 days' },
        { name: 'sessions_7d', dtype: 'int64' },
        { name: 'favorite_categories', dtype: 'string[]' },
      ],
    },
  },
  {
    path: '/api/v1/feature-views',
    at: '/api/v1/feature-views/merchant_risk@1',
    body: {
      name: 'merchant_risk',
      entity_type: 'merchant',
      description: 'How risky a merchant is',
      tags: ['merchant', 'fraud'],
      features: [
        { name: 'chargeback_rate', dtype: 'float64' },
        { name: 'risk_embedding', dtype: 'float32[]' },
      ],
    },
  },
  {
    path: '/api/v1/stream-sources',
    at: '/api/v1/stream-sources/transactions',
    body: {
      name: 'transactions',
      description: 'What users buy; sample-events.ts writes some',
      schema: { user_id: 'string', merchant_id: 'string', amount: 'float64', at: 'timestamp' },
      event_time: 'at',
      retention_days: 30,
    },
  },
  {
    path: '/api/v1/feature-views',
    at: '/api/v1/feature-views/user_transactions@1',
    body: {
      name: 'user_transactions',
      entity_type: 'user',
      description: 'What a user buys, up to now',
      tags: ['user', 'stream'],
      source: 'transactions',
      entity_key: 'user_id',
      // So that somebody who looks sees the windows slide.
      hop: '1m',
      aggregations: [
        { name: 'txn_count_1h', function: 'count', window: '1h' },
        { name: 'txn_sum_24h', function: 'sum', field: 'amount', window: '24h' },
        { name: 'txn_avg_7d', function: 'avg', field: 'amount', window: '7d' },
      ],
    },
  },
  {
    path: '/api/v1/feature-services',
    at: '/api/v1/feature-services/churn_model@1',
    body: {
      name: 'churn_model',
      description: 'What the churn model reads',
      features: ['user_age', 'user_lifetime_value', 'last_purchase_days', 'purchases_30d'],
    },
  },
];

const countries = ['DE', 'FR', 'GB', 'IN', 'JP', 'US'];
const categories = ['books', 'games', 'garden', 'music', 'sports', 'toys'];

/** The rows of one view for some entities on one day; the numbers follow from the entity and the day alone. */
export const sampleViews: Readonly<
  Record<string, (entity: number, day: number) => { id: string; values: Record<string, unknown> }>
> = {
  user_lifetime_value: (user, day) => ({
    id: `user_${user}`,
    values: { user_lifetime_value: round(20 + 2000 * chance(user, 1) + day * 3 * chance(user, 2)) },
  }),
  user_profile: (user) => ({
    id: `user_${user}`,
    values: {
      user_age: 18 + Math.floor(60 * chance(user, 3)),
      country: countries[Math.floor(countries.length * chance(user, 4))],
      is_premium: chance(user, 5) < 0.2,
      signed_up_at: new Date(Date.UTC(2024, 0, 1) + Math.floor(chance(user, 6) * 600) * 86_400_000).toISOString(),
    },
  }),
  user_activity: (user, day) => ({
    id: `user_${user}`,
    values: {
      last_purchase_days: (Math.floor(40 * chance(user, 7)) + day) % 40,
      purchases_30d: Math.floor(15 * chance(user, 8 + day)),
      avg_order_value: round(5 + 200 * chance(user, 9)),
      sessions_7d: Math.floor(50 * chance(user, 100 + day)),
      favorite_categories: categories.filter((_, index) => chance(user, 200 + index) < 0.4),
    },
  }),
  merchant_risk: (merchant, day) => ({
    id: `merchant_${merchant}`,
    values: {
      chargeback_rate: round(0.05 * chance(merchant, 300 + day), 5),
      risk_embedding: Array.from({ length: 8 }, (_, index) => round(chance(merchant, 400 + index) * 2 - 1, 4)),
    },
  }),
};

/** Evenly spread over [0, 1), by a 32-bit hash (murmur3's finalizer). */
export function chance(entity: number, salt: number): number {
  let hash = Math.imul(entity, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
