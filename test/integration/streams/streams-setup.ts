/** A source of purchases, as a request. */
export const purchases = {
  name: 'purchases',
  schema: {
    purchase_id: 'string',
    user_id: 'string',
    shop: 'int32',
    amount: 'float64',
    country: 'string',
    bought_at: 'timestamp',
    note: 'json',
  },
  event_time: 'bought_at',
  event_id: 'purchase_id',
};

/** A stream view of it. */
export const spend = {
  name: 'spend',
  entity_type: 'user',
  source: 'purchases',
  entity_key: 'user_id',
  where: 'amount > 0.0',
  hop: '30s',
  aggregations: [
    { name: 'spend_24h', function: 'sum', field: 'amount', window: '24h' },
    { name: 'countries', function: 'top_k', field: 'country', window: '7d', k: 3 },
    { name: 'purchases_ever', function: 'count' },
  ],
};

export const sourcesPath = '/api/v1/stream-sources';
export const viewsPath = '/api/v1/feature-views';
