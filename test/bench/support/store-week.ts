import pg from 'pg';
import type { StreamConsumer } from './stream-consumer.ts';
import { kinesisEvent, type Transaction } from './stream-events.ts';

const hourMillis = 3_600_000;
const batch = 5000;

/**
 * Seven days of tiles of every user: those of one day by the handler, an event an hour and user, and six times the same
 * a day earlier. As the superuser, who alone may write tiles by hand.
 */
export async function storeWeek(
  consumer: StreamConsumer,
  url: string,
  tables: readonly string[],
  users: number,
): Promise<void> {
  const lastHour = Math.floor(Date.now() / hourMillis) * hourMillis;
  for (let hour = 1; hour <= 24; hour++) {
    for (let first = 0; first < users; first += batch) {
      const events = Array.from({ length: Math.min(batch, users - first) }, (_, index) =>
        eventOf(first + index, lastHour - hour * hourMillis),
      );
      await consumer.deliver(kinesisEvent('transactions', 0, events));
    }
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const table of tables) {
    await client.query(`
      INSERT INTO ${table} (entity_id, hour, state, sketches, newest_event_time, revision)
      SELECT entity_id, hour - days * interval '24 hours', state, sketches, newest_event_time - days * interval '24 hours', revision
      FROM ${table} CROSS JOIN generate_series(1, 6) AS days
      WHERE isfinite(hour)
      ORDER BY entity_id, hour`);
  }
  for (const table of tables) await client.query(`VACUUM ANALYZE ${table}`);
  await client.end();
}

function eventOf(user: number, hour: number): Transaction {
  return {
    event_id: `${hour}-${user}`,
    user_id: `user_${user}`,
    merchant: `merchant_${(user * 31) % 500}`,
    amount: Math.round(Math.random() * 50_000) / 100,
    at: new Date(hour + Math.floor(Math.random() * hourMillis)).toISOString(),
  };
}
