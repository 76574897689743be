import { describe, expect, test } from 'vitest';
import type { Dtype } from '../../../shared/contract/dtypes.ts';
import { ingestLimits } from '../../../shared/contract/limits.ts';
import { acceptRows } from '../../../shared/ingestion/accept-rows.ts';
import { decide, definitionOf, versionOf } from '../registry/registry-samples.ts';

const settings = { arrivalMicros: 1_750_000_000_000_000, futureToleranceMicros: 60_000_000 };

function judge(dtypes: readonly Dtype[], values: readonly unknown[]) {
  const features = dtypes.map((dtype, index) => ({ name: `f${index}`, dtype }));
  const version = versionOf(decide(undefined, definitionOf({ features, retention_days: 0 })));
  const row = {
    entity_id: 'e1',
    event_time: 1_750_000_000_000,
    values: Object.fromEntries(values.map((value, index) => [`f${index}`, value])),
  };
  const { rejected, rows } = acceptRows(version, [row], settings);
  return { codes: rejected.map(({ code }) => code), detail: rejected[0]?.detail, payload: rows.payloads[0] };
}

const texts = (count: number): Dtype[] => new Array<Dtype>(count).fill('string');
/** What the JSON text of these has beside their characters: two quotes each, and the commas. */
const beside = (count: number): number => count * 3 - 1;

describe('the values of a row', () => {
  const full = new Array<string>(15).fill('x'.repeat(65_536));
  const left = ingestLimits.rowBytes - 15 * 65_536 - beside(16);

  test('may have 1 MiB together as JSON text, and not a byte more', () => {
    const most = judge(texts(16), [...full, 'x'.repeat(left)]);
    expect(most.codes).toEqual([]);
    expect(most.payload?.length).toBe('[1750000000000000,1750000000000000,1,]'.length + ingestLimits.rowBytes);
    const over = judge(texts(16), [...full, 'x'.repeat(left + 1)]);
    expect(over.codes).toEqual(['too_long']);
    expect(over.detail).toBe('values: together over 1048576 bytes as JSON text');
  });

  test('are counted in bytes of UTF-8', () => {
    const euros = '€'.repeat(21_845);
    expect(judge(texts(16), [...new Array(15).fill(euros), 'x'.repeat(left + 15)]).codes).toEqual([]);
    expect(judge(texts(16), [...new Array(15).fill(euros), 'x'.repeat(left + 16)]).codes).toEqual(['too_long']);
  });

  test('of one string of 64 KiB are few enough even where each character is escaped', () => {
    expect(judge(texts(1), ['\u0001'.repeat(65_536)]).codes).toEqual([]);
    expect(judge(texts(3), new Array(3).fill('\u0001'.repeat(65_536))).codes).toEqual(['too_long']);
  });

  test.each<[Dtype, unknown, number]>([
    ['string', 'x'.repeat(65_000), 16],
    ['json', { text: 'x'.repeat(65_000) }, 16],
    ['bytes', Buffer.alloc(65_000).toString('base64'), 12],
    ['string[]', ['x'.repeat(32_500), 'y'.repeat(32_500)], 16],
    ['float64[]', new Array(32_500).fill(1), 16],
  ])('of dtype %s are refused from so many on as have over 1 MiB', (dtype, value, most) => {
    const of = (count: number) => judge(new Array<Dtype>(count).fill(dtype), new Array(count).fill(value));
    expect(of(most).codes).toEqual([]);
    expect(of(most + 1).codes).toEqual(['too_long']);
  });

  test('of one array have the same limit', () => {
    expect(judge(['int64[]'], [new Array(524_287).fill(1)]).codes).toEqual([]);
    expect(judge(['int64[]'], [new Array(524_288).fill(1)]).codes).toEqual(['too_long']);
  });
});

test('fifty thousand refused rows are all named, in less than Lambda answers', () => {
  const version = versionOf(decide(undefined, definitionOf()));
  // The longest code and the detail that grows most: quotes, which are escaped three times on their way.
  const rows = Array.from({ length: ingestLimits.rows }, (_, index) =>
    index < 1000
      ? { entity_id: 'e1', event_time: settings.arrivalMicros / 1000, values: { ['"'.repeat(64)]: 1 } }
      : { entity_id: 'e1', event_time: 0, values: {} },
  );
  const { rejected } = acceptRows(version, rows, settings);
  expect(rejected.map(({ index }) => index)).toEqual(rows.map((_, index) => index));
  expect(new Set(rejected.map(({ code }) => code))).toEqual(
    new Set(['unknown_feature', 'event_time_beyond_retention']),
  );
  expect(rejected[0]?.detail).toContain('has no feature');
  expect(rejected.at(-1)?.detail).toBe('');
  const body = JSON.stringify({ accepted: 0, rejected });
  expect(Buffer.byteLength(JSON.stringify({ statusCode: 422, body }))).toBeLessThan(6 * 1024 * 1024);
});
