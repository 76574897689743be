/** How many requests are taken of whoever it is about. */
export interface RateLimit {
  /** In the long run. */
  readonly requestsPerSecond: number;
  /** At once, after a while without any. */
  readonly burst: number;
}
