/** What takes written events until they are folded. */
export interface EventLog {
  /** Appends all of the records, each at least once. Throws UnavailableError; some may have been appended by then. */
  append(records: readonly LogRecord[]): Promise<void>;
}

export interface LogRecord {
  /** Records of one key stay in order, and are read by one process at a time. */
  readonly partitionKey: string;
  readonly data: Uint8Array;
}
