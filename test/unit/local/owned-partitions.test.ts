import { describe, expect, test } from 'vitest';
import { createOwnedPartitions, type OwnedPartitions } from '../../../functions/local/kafka/owned-partitions.ts';

const placesOf = (partitions: OwnedPartitions, nowMillis = 0): Record<number, bigint> =>
  Object.fromEntries(partitions.due(nowMillis).map(({ partition, next }) => [partition, next]));

/** Of generation 1, each with the offset that it is read from next. */
function ownedAt(places: Readonly<Record<number, bigint>>): OwnedPartitions {
  const partitions = createOwnedPartitions();
  partitions.assign(1, Object.keys(places).map(Number));
  for (const owned of partitions.unplaced()) {
    owned.next = places[owned.partition];
    owned.committed = owned.next;
  }
  return partitions;
}

/** The one of this number, as a batch holds it. */
function heldBy(partitions: OwnedPartitions, number: number) {
  const [held] = partitions.due(Number.MAX_SAFE_INTEGER).filter(({ partition }) => partition === number);
  if (held === undefined) throw new Error(`partition ${number} is not ours`);
  return held;
}

describe('a partition', () => {
  test('is not read until its place is known', () => {
    const partitions = createOwnedPartitions();
    partitions.assign(1, [3]);
    expect(placesOf(partitions)).toEqual({});
    expect(partitions.unplaced().map(({ partition }) => partition)).toEqual([3]);
  });

  test('moves on past a batch that is done, and the group is to know', () => {
    const partitions = ownedAt({ 0: 5n, 1: 7n });
    partitions.settle({ owned: heldBy(partitions, 0), end: 9n, failed: undefined }, 0);
    expect(placesOf(partitions)).toEqual({ 0: 9n, 1: 7n });
    expect(partitions.uncommitted().map(({ partition, next }) => [partition, next])).toEqual([[0, 9n]]);
  });

  test('moves on to the first record that failed, and rests before it is read again, longer each time', () => {
    const partitions = ownedAt({ 0: 5n, 1: 7n });
    const rests: number[] = [];
    for (let now = 0; rests.length < 8; ) {
      partitions.settle({ owned: heldBy(partitions, 0), end: 9n, failed: 6n }, now);
      expect(placesOf(partitions, now)).toEqual({ 1: 7n });
      const { restsUntil } = heldBy(partitions, 0);
      rests.push(restsUntil - now);
      now = restsUntil;
      expect(placesOf(partitions, now)).toEqual({ 0: 6n, 1: 7n });
    }
    expect(rests).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    expect(partitions.uncommitted().map(({ next }) => next)).toEqual([6n]);
  });

  test('rests shortly again where another record fails than before', () => {
    const partitions = ownedAt({ 0: 5n });
    for (const failed of [5n, 5n, 5n, 8n]) {
      partitions.settle({ owned: heldBy(partitions, 0), end: 9n, failed }, 0);
    }
    expect(heldBy(partitions, 0).restsUntil).toBe(200);
    partitions.settle({ owned: heldBy(partitions, 0), end: 9n, failed: undefined }, 500);
    expect(heldBy(partitions, 0)).toMatchObject({ next: 9n, failures: 0 });
  });
});

describe('a new division of the group', () => {
  test('lets a partition that stays go on where it is, with the batch that is under way', () => {
    const partitions = ownedAt({ 0: 5n, 1: 7n });
    const underWay = heldBy(partitions, 0);
    partitions.assign(2, [0, 2]);
    partitions.settle({ owned: underWay, end: 9n, failed: undefined }, 0);
    expect(placesOf(partitions)).toEqual({ 0: 9n });
    expect(partitions.unplaced().map(({ partition }) => partition)).toEqual([2]);
  });

  test('takes a partition away with the batch that is under way, of which the group is told nothing', () => {
    const partitions = ownedAt({ 0: 5n, 1: 7n });
    const underWay = heldBy(partitions, 0);
    partitions.assign(2, [1]);
    partitions.settle({ owned: underWay, end: 9n, failed: undefined }, 0);
    expect(placesOf(partitions)).toEqual({ 1: 7n });
    expect(partitions.uncommitted()).toEqual([]);
  });

  test('asks anew for the place of a partition that comes back, which another may have read meanwhile', () => {
    const partitions = ownedAt({ 0: 5n });
    const underWay = heldBy(partitions, 0);
    partitions.assign(2, []);
    partitions.assign(3, [0]);
    partitions.settle({ owned: underWay, end: 9n, failed: undefined }, 0);
    expect(placesOf(partitions)).toEqual({});
  });

  test('asks anew for all places after divisions that this member has missed', () => {
    const partitions = ownedAt({ 0: 5n, 1: 7n });
    partitions.assign(3, [0, 1]);
    expect(placesOf(partitions)).toEqual({});
    expect(partitions.unplaced()).toHaveLength(2);
  });
});
