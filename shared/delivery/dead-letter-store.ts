/** Where dead letters are kept: a bucket, or a folder of a laptop. Texts by key; a key that is there is overwritten. */
export interface DeadLetterStore {
  /** Throws UnavailableError where the store is away. */
  put(key: string, text: string): Promise<void>;
  /** Undefined where it has gone meanwhile. */
  get(key: string): Promise<string | undefined>;
  remove(key: string): Promise<void>;
  /** Keys that begin with the prefix, in their order. */
  list(prefix: string): AsyncIterable<string>;
}
