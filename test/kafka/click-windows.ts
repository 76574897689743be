import { expect } from 'vitest';
import { formatMicros } from '../../shared/contract/time.ts';
import { clicks } from '../integration/delivery/delivery-setup.ts';
import { sourcesPath, viewsPath } from '../integration/streams/streams-setup.ts';
import type { Answer } from '../support/feature-store.ts';
import { naiveWindow, type OracleAggregation, type OracleEvent } from '../support/naive-windows.ts';

type Post = (path: string, body: unknown) => Promise<Answer>;

export interface SentClick extends OracleEvent {
  readonly partition: number;
  readonly user: string;
}

const aggregations: Readonly<Record<string, OracleAggregation>> = {
  clicks_24h: { function: 'count', window: '24h' },
  clicks_ever: { function: 'count' },
  amount_7d: { function: 'sum', field: 'amount', window: '7d' },
  mean_24h: { function: 'avg', field: 'amount', window: '24h' },
  most_ever: { function: 'max', field: 'amount' },
  lasts_7d: { function: 'last_k', field: 'amount', window: '7d', k: 3 },
  median_24h: { function: 'percentile', field: 'amount', window: '24h', p: 0.5 },
};
const names = Object.keys(aggregations);

const users = ['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6'];

let made = 0;

/** Clicks of the last minutes, of several users, spread over partitions by user as a producer's key would. */
export function makeClicks(count: number, partitions: readonly number[]): SentClick[] {
  return Array.from({ length: count }, () => {
    made += 1;
    const user = users[made % users.length] ?? '';
    const eventMicros = (Date.now() - 600_000 + made) * 1000;
    const partition = partitions[(made % users.length) % partitions.length] ?? 0;
    return { partition, user, eventId: `click-${made}`, eventMicros, fields: { amount: (made % 40) / 4 } };
  });
}

/** As a topic brings it. */
export function bodyOf({ eventId, eventMicros, user, fields }: SentClick): object {
  return { event_id: eventId, user_id: user, at: formatMicros(eventMicros), ...fields };
}

export async function registerClickWindows(post: Post): Promise<void> {
  expect((await post(sourcesPath, clicks)).status).toBe(201);
  const registered = await post(viewsPath, {
    name: 'click_windows',
    entity_type: 'user',
    source: 'clicks',
    entity_key: 'user_id',
    aggregations: Object.entries(aggregations).map(([name, aggregation]) => ({ name, ...aggregation })),
  });
  expect(registered.status, registered.text).toBe(201);
}

/** Online answers, and those as of now, are what a scan over all that was sent says. */
export async function expectWindowsOf(post: Post, sent: readonly SentClick[]): Promise<void> {
  const asked = { entity_ids: users, feature_names: names };
  const timestamp = formatMicros(Date.now() * 1000);
  const online = await post('/api/v1/features/online', asked);
  const asOf = await post('/api/v1/features/batch', { ...asked, timestamp });
  for (const [place, user] of users.entries()) {
    const ofUser = sent.filter((click) => click.user === user);
    const expected = names.map((name) => {
      const aggregation = aggregations[name] ?? { function: 'count' };
      return near(naiveWindow(ofUser, aggregation, Date.now() * 1000).value);
    });
    expect(online.json.rows[place].values, `online, ${user}`).toEqual(expected);
    expect(
      names.map((name) => asOf.json.rows[place].features[name]),
      `as of now, ${user}`,
    ).toEqual(expected);
  }
}

/** Floating sums to 1e-9 relative. */
function near(value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? expect.closeTo(value, 7) : value;
}
