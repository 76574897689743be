/** Whatever sends commands to Redis or Valkey, by whichever protocol. */
export interface RedisClient {
  /** The keys of one script call must be of one slot. On a single server all are. */
  slotOf(key: string): number;
  /** Sends all at once and answers in order. Rejects if any command failed that may not; the others may have been done. */
  send(commands: readonly RedisCommand[]): Promise<unknown[]>;
  /** Rejects unless every server answers. */
  ping(): Promise<void>;
}

export interface RedisCommand {
  readonly name: 'get' | 'hmget' | 'unlink' | 'eval' | 'evalsha';
  /** What decides the node that it goes to. */
  readonly key: string;
  /** All arguments, the key among them. */
  readonly args: (string | number)[];
  /** An error is then answered in place of its reply, and the others stand. */
  readonly mayFail?: boolean;
}
