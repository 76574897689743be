import type { RedisClient, RedisCommand } from './redis-client.ts';

/** A connection to Redis or Valkey, to one server or to the nodes of a cluster. */
export interface RespClient extends RedisClient {
  isReady(): boolean;
  /** While the first attempt to connect lasts, what settles (never rejects) at its end; undefined ever after. */
  starting(): Promise<void> | undefined;
  /** Drops the connection at once, and what was sent on it. */
  close(): void;
}

export type OnConnectionError = (error: unknown) => void;

/** Milliseconds in which a connection must come up, and in which one that owes an answer must say something. */
const deadAfterMillis = 2000;

/** What every connection of ioredis is made with. */
export const connectionSettings = {
  lazyConnect: true,
  // A command whose connection broke fails: whoever asks has Postgres to ask, and no time for a second attempt.
  maxRetriesPerRequest: 0,
  connectTimeout: deadAfterMillis,
  // Without it a connection whose peer is gone without a word would stay for the 15 minutes of TCP's retransmissions.
  socketTimeout: deadAfterMillis,
} as const;

export function reconnectDelayMillis(attempts: number): number {
  return Math.min(attempts * 50, 500);
}

/** Of a command that may fail its error in place of its reply, as `send` answers it. */
export function replyOrError({ mayFail }: RedisCommand, reply: Promise<unknown>): Promise<unknown> {
  return mayFail ? reply.catch((error: unknown) => error) : reply;
}
