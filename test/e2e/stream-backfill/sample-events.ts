/** `BACKFILL_EVENTS`, by 5,000, where there is no time for a million. */
export const eventCount = Number(process.env.BACKFILL_EVENTS ?? 1_000_000);
export const users = 5000;

/** Events of the last 30 days. Event i is computed from i: nobody holds them. */
export function eventAt(index: number, nowMillis: number) {
  // Neighbours are of about the same time, as events are when they come, and each fiftieth is up to a day late.
  const ago = ((eventCount - (index % eventCount)) / eventCount) * 30 * 86_400_000;
  const late = index % 50 === 0 ? (index * 7919) % 86_400_000 : 0;
  const mixed = (index * 618_033) % 1_000_003;
  return {
    event_id: `e${index}`,
    // A few have most of the events.
    user_id: `u${Math.floor(users * (mixed / 1_000_003) ** 3)}`,
    amount: index % 13 === 0 ? null : (mixed % 10_000) / 100,
    shop: mixed % 97,
    country: ['at', 'be', 'ch', 'de', 'es', 'fr', 'it', 'nl'][mixed % 8],
    at: new Date(Math.floor(nowMillis - 60_000 - ago - late)).toISOString(),
  };
}

export const source = {
  name: 'purchases',
  schema: { user_id: 'string', amount: 'float64', shop: 'int32', country: 'string', at: 'timestamp' },
  event_time: 'at',
};

export const aggregations = [
  { name: 'n_1h', function: 'count', window: '1h' },
  { name: 'sum_24h', function: 'sum', field: 'amount', window: '24h' },
  { name: 'avg_7d', function: 'avg', field: 'amount', window: '7d' },
  { name: 'min_7d', function: 'min', field: 'amount', window: '7d' },
  { name: 'std_30d', function: 'stddev', field: 'amount', window: '30d' },
  { name: 'last_7d', function: 'last', field: 'country', window: '7d' },
  { name: 'shops_7d', function: 'count_distinct', field: 'shop', window: '7d' },
  { name: 'n_ever', function: 'count' },
  { name: 'sum_ever', function: 'sum', field: 'shop' },
];

export function viewOf(name: string) {
  const where = 'shop != 13';
  return { name, entity_type: 'user', source: source.name, entity_key: 'user_id', where, aggregations };
}
