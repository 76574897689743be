import { chance, round } from './sample-data.ts';
import type { Send } from './seed.ts';

/** Of whom there is an event each second while sample events come, so that somebody who looks sees something. */
export const liveUser = 'user_123';

const dayMillis = 86_400_000;
const minuteMillis = 60_000;
const eventsPerRequest = 5000;

export interface SampleTransaction {
  /** Without it the feature store makes one. */
  readonly event_id?: string;
  readonly user_id: string;
  readonly merchant_id: string;
  readonly amount: number;
  readonly at: string;
}

export type WriteTransactions = (events: readonly SampleTransaction[]) => Promise<unknown>;

/** By the route of events; throws where it does not take them. */
export function transactionsBy(send: Send): WriteTransactions {
  return async (events) => {
    const path = '/api/v1/events/transactions';
    const { status, text } = await send(path, { events });
    if (status !== 202) throw new Error(`${path} answered ${status}: ${text.slice(0, 500)}`);
  };
}

/** One of the user of whom there is always one, and two of anybody. */
export function liveTransactions(users: number, nowMillis: number): SampleTransaction[] {
  const seed = Math.floor(nowMillis / 100) % 2 ** 31;
  const others = [1, 2].map((salt) => `user_${1 + Math.floor(users * chance(seed, 500 + salt))}`);
  return [liveUser, ...others].map((user, place) => transaction(user, nowMillis, seed, place));
}

/**
 * Writes a transaction per user and day of the last week, and one per minute of the last hour of the user of whom there is
 * always one. Their ids follow from the user and the time: written again they change nothing. Answers how many.
 */
export async function writeHistory(write: WriteTransactions, users: number, now: Date): Promise<number> {
  const events = [...historyOf(users, now.getTime())];
  for (let from = 0; from < events.length; from += eventsPerRequest) {
    await write(events.slice(from, from + eventsPerRequest));
  }
  return events.length;
}

function* historyOf(users: number, nowMillis: number): Generator<SampleTransaction> {
  const today = Math.floor(nowMillis / dayMillis);
  for (let day = today - 6; day <= today; day++) {
    for (let user = 1; user <= users; user++) {
      const atMillis = Math.floor((day + chance(user, day)) * dayMillis);
      // Today's may still be to come.
      if (atMillis < nowMillis)
        yield { ...transaction(`user_${user}`, atMillis, user, day), event_id: `user_${user}:${day}` };
    }
  }
  const minute = Math.floor(nowMillis / minuteMillis);
  for (let at = minute - 60; at <= minute; at++) {
    yield { ...transaction(liveUser, at * minuteMillis, at, 0), event_id: `${liveUser}:minute:${at}` };
  }
}

function transaction(user_id: string, atMillis: number, seed: number, salt: number): SampleTransaction {
  return {
    user_id,
    merchant_id: `merchant_${1 + Math.floor(50 * chance(seed, 600 + salt))}`,
    amount: round(1 + 200 * chance(seed, 700 + salt)),
    at: new Date(atMillis).toISOString(),
  };
}
