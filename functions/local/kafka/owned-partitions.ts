/** A partition that this member of the group reads now. One that goes to another member and comes back is another object. */
export interface OwnedPartition {
  readonly partition: number;
  /** Offset that is read next; undefined until it has been asked for. All before it is handled. */
  next: bigint | undefined;
  /** Offset that the group knows as done. */
  committed: bigint | undefined;
  /** In a row, at the record that is next. */
  failures: number;
  /** Milliseconds since the epoch before which it is not read. */
  restsUntil: number;
}

export type PlacedPartition = OwnedPartition & { readonly next: bigint };

/** What became of a batch of one partition. */
export interface HandledBatch {
  readonly owned: OwnedPartition;
  /** The offset behind the batch. */
  readonly end: bigint;
  /** The first record that is to come again; undefined where all are done. */
  readonly failed: bigint | undefined;
}

export interface OwnedPartitions {
  /** The group's newest assignment. */
  assign(generation: number, partitions: readonly number[]): void;
  /** Those whose place is to be asked for. */
  unplaced(): readonly OwnedPartition[];
  /** Those that may be read now. */
  due(nowMillis: number): readonly PlacedPartition[];
  /** Moves on past what is done. Of a partition that has gone to another member meanwhile nothing is kept. */
  settle(handled: HandledBatch, nowMillis: number): void;
  /** What the group is to know: offsets behind records that are handled, of partitions that are still ours. */
  uncommitted(): readonly PlacedPartition[];
}

/** Milliseconds before a record that failed is read again: twice as long each time. */
const firstRestMillis = 200;
const longestRestMillis = 10_000;

/** Where this member of a consumer group stands in each partition that the group has given it. */
export function createOwnedPartitions(): OwnedPartitions {
  let current = new Map<number, OwnedPartition>();
  let generation = Number.NaN;

  return {
    assign: (next, partitions) => {
      // Nobody else can have had a partition in between: it goes on where it is, a batch that is being handled included.
      const goesOn = next === generation || next === generation + 1;
      const before = goesOn ? current : new Map<number, OwnedPartition>();
      current = new Map(partitions.map((partition) => [partition, before.get(partition) ?? unread(partition)]));
      generation = next;
    },
    unplaced: () => [...current.values()].filter(({ next }) => next === undefined),
    due: (nowMillis) => [...current.values()].filter(isPlaced).filter(({ restsUntil }) => restsUntil <= nowMillis),
    settle: ({ owned, end, failed }, nowMillis) => {
      if (current.get(owned.partition) !== owned) return;
      if (failed === undefined) {
        Object.assign(owned, { next: end, failures: 0 });
        return;
      }
      const failures = failed === owned.next ? owned.failures + 1 : 1;
      const rest = Math.min(longestRestMillis, firstRestMillis * 2 ** (failures - 1));
      Object.assign(owned, { next: failed, failures, restsUntil: nowMillis + rest });
    },
    uncommitted: () => [...current.values()].filter(isPlaced).filter(({ next, committed }) => next !== committed),
  };
}

function unread(partition: number): OwnedPartition {
  return { partition, next: undefined, committed: undefined, failures: 0, restsUntil: 0 };
}

function isPlaced(owned: OwnedPartition): owned is PlacedPartition {
  return owned.next !== undefined;
}
