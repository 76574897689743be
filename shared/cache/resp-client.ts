/** A connection to Redis or Valkey, to one server or to the nodes of a cluster. */
export interface RespClient {
  isReady(): boolean;
  /** While the first attempt to connect lasts, what settles (never rejects) at its end; undefined ever after. */
  starting(): Promise<void> | undefined;
  /** The keys of one script call must be of one slot. On a single server all are. */
  slotOf(key: string): number;
  /** Sends all at once and answers in order. Rejects if any command failed; the others may have been done. */
  send(commands: readonly RespCommand[]): Promise<unknown[]>;
  /** Rejects unless every server answers. */
  ping(): Promise<void>;
  /** Drops the connection at once, and what was sent on it. */
  close(): void;
}

export interface RespCommand {
  readonly name: 'get' | 'hmget' | 'unlink' | 'eval' | 'evalsha';
  /** What decides the node that it goes to. */
  readonly key: string;
  /** All arguments, the key among them. */
  readonly args: (string | number)[];
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
