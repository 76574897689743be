import { describe, expect, test } from 'vitest';
import { identifyEvent } from '../../../shared/delivery/identify-event.ts';
import { arrivalMicrosOf, transportEventId } from '../../../shared/delivery/stream-record.ts';
import type { StreamSource } from '../../../shared/registry/index.ts';
import { recordOf } from './records.ts';

const sourceOf = (eventId: string | null, dtype: 'string' | 'int64' = 'string'): StreamSource => ({
  name: 'clicks',
  revision: 1,
  fields: [...(eventId === null ? [] : [{ name: eventId, dtype }]), { name: 'at', dtype: 'timestamp' }],
  eventTime: 'at',
  eventId,
  retentionDays: 90,
  dedupeDays: 7,
  description: '',
  tags: [],
  owner: null,
  createdAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:00.000Z',
});
const identify = (source: StreamSource, event: unknown) => identifyEvent(source, event, () => 'of the transport');

describe('an event is told apart by', () => {
  test("the source's field, which stays a field", () => {
    const event = { click_id: 'c1', at: 0 };
    expect(identify(sourceOf('click_id'), event)).toEqual({ eventId: 'c1', fields: event });
    expect(identify(sourceOf('event_id'), { event_id: 'c1' })).toEqual({ eventId: 'c1', fields: { event_id: 'c1' } });
  });

  test('else event_id beside the fields, which is none', () => {
    expect(identify(sourceOf(null), { event_id: 'e1', at: 0 })).toMatchObject({ eventId: 'e1' });
    expect(identify(sourceOf('click_id'), { event_id: 'e1', click_id: null })).toMatchObject({ eventId: 'e1' });
    expect(identify(sourceOf('click_id'), { event_id: 'e1', click_id: 'c1' })).toMatchObject({ eventId: 'c1' });
  });

  test('else where it stands in its stream', () => {
    expect(identify(sourceOf(null), { at: 0 })).toEqual({ eventId: 'of the transport', fields: { at: 0 } });
    expect(identify(sourceOf('event_id'), { event_id: null })).toMatchObject({ eventId: 'of the transport' });
    expect(transportEventId(recordOf({}), 3)).toBe(
      'shardId-000000000006:49590338271490256608559692538361571095921575989136588898:3',
    );
    const ofKafka = recordOf({}, { transport: 'kafka', stream: 'my-topic', shard: '0', sequence: '15' });
    expect(transportEventId(ofKafka, 0)).toBe('my-topic-0-15:0');
  });

  test('one text for each integer', () => {
    for (const given of [7, '7', '007']) {
      expect(identify(sourceOf('click_id', 'int64'), { click_id: given })).toMatchObject({ eventId: '7' });
    }
    expect(identify(sourceOf('click_id'), { click_id: '007' })).toMatchObject({ eventId: '007' });
    expect(identify(sourceOf('click_id', 'int64'), { event_id: '007' })).toMatchObject({ eventId: '007' });
    const large = '9223372036854775807';
    expect(identify(sourceOf('click_id', 'int64'), { click_id: large })).toMatchObject({ eventId: large });
  });

  test('nothing where its id is none, or it is no event', () => {
    for (const given of ['', 'x'.repeat(513), 1.5, true, {}, 'a\0', '\ud800']) {
      expect(identify(sourceOf(null), { event_id: given })).toMatchObject({ code: 'invalid_event_id' });
      expect(identify(sourceOf('click_id'), { click_id: given })).toMatchObject({ code: 'invalid_event_id' });
    }
    for (const given of [null, [], 'text', 7]) {
      expect(identify(sourceOf(null), given)).toMatchObject({ code: 'invalid_row' });
    }
  });
});

test('an arrival has the sequence number modulo 1,000 as its microseconds', () => {
  expect(arrivalMicrosOf(1_545_084_650.987 * 1000, '49590338271490256608559692538361571095921575989136588898')).toBe(
    1_545_084_650_987_898,
  );
  expect(arrivalMicrosOf(1_545_084_650_987, '15')).toBe(1_545_084_650_987_015);
});
