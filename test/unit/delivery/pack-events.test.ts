import { describe, expect, test } from 'vitest';
import { decodeRecord } from '../../../shared/delivery/decode-record.ts';
import { packEvents } from '../../../shared/delivery/pack-events.ts';
import { timeOrderedId } from '../../../shared/delivery/time-ordered-id.ts';
import { recordOf } from './records.ts';

const settings = { tenant: 'acme', source: 'clicks', envelopeSecret: 'the secret of the envelopes' };
const eventsOf = (data: Uint8Array): readonly unknown[] => {
  const decoded = decodeRecord(recordOf(Buffer.from(data)), { bindings: [], envelopeSecret: settings.envelopeSecret });
  if ('reason' in decoded) throw new Error(decoded.detail);
  expect(decoded).toMatchObject({ tenant: 'acme', target: { kind: 'source', name: 'clicks' } });
  return decoded.items;
};

describe('packed events', () => {
  test('of an entity share an envelope in their order, and come back as they were', () => {
    const events = ['a', 'b', 'c'].map((text) => ({ key: 'u1', json: JSON.stringify({ text }) }));
    const records = packEvents(events, settings);
    expect(records).toHaveLength(1);
    expect(records.flatMap(({ data }) => eventsOf(data))).toEqual([{ text: 'a' }, { text: 'b' }, { text: 'c' }]);
  });

  test('of an entity have always one partition, and ten thousand entities about a thousand', () => {
    const events = Array.from({ length: 10_000 }, (_, place) => ({ key: `u${place}`, json: `{"place":${place}}` }));
    const records = packEvents(events, settings);
    expect(records.length).toBeLessThanOrEqual(1024);
    expect(records.length).toBeGreaterThan(900);
    const first = (key: string) => packEvents([{ key, json: '{}' }], settings)[0]?.partitionKey;
    expect(first('u1')).toBe(first('u1'));
    expect(records.flatMap(({ data }) => eventsOf(data))).toHaveLength(10_000);
  });

  test('fill no record beyond the 1 MiB that Kinesis takes, whatever they consist of', () => {
    for (const character of ['"', '\\', 'é', '\u0001']) {
      const json = JSON.stringify({ text: character.repeat(60_000) });
      const events = Array.from({ length: 12 }, () => ({ key: 'u1', json }));
      const records = packEvents(events, settings);
      for (const { data } of records) expect(data.length).toBeLessThan(1024 * 1024);
      expect(records.flatMap(({ data }) => eventsOf(data))).toHaveLength(12);
    }
  });
});

test('ids of a request are UUIDs of version 7 that rise by their place', () => {
  const ids = Array.from({ length: 10_000 }, (_, place) => timeOrderedId(1_700_000_000_000_000, place));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
