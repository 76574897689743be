import { expect, test } from 'vitest';
import type { Dtype } from '../../../shared/contract/dtypes.ts';
import { describeEachCache, hour, recordedRows, start } from './semantics-setup.ts';

const kib64 = 65_536;
const beyond = 2 ** 53;
/** 101 levels: one more than a json value may have. */
const tooDeep = JSON.parse(`${'['.repeat(101)}${']'.repeat(101)}`);

/** What each dtype refuses, by code. `undefined` stands for nothing here: JSON cannot send it. */
const refused: Readonly<Record<Dtype, Readonly<Record<string, readonly unknown[]>>>> = {
  float64: { wrong_type: ['1.5', 'NaN', 'Infinity', true, {}, [1], ''], out_of_range: [raw('1e999'), raw('-1e999')] },
  float32: {
    wrong_type: ['1.5', 'NaN', false, {}, [1]],
    out_of_range: [3.4028236e38, -3.4028236e38, 1e300, raw('1e999')],
  },
  int64: {
    wrong_type: [
      1.5,
      -0.1,
      1e-9,
      true,
      {},
      [1],
      '',
      ' 5',
      '5 ',
      '+5',
      '5.0',
      '1e3',
      '0x10',
      '1_000',
      '--1',
      'NaN',
      raw('1e999'),
    ],
    out_of_range: [beyond, -beyond, 1e300, '9223372036854775808', '-9223372036854775809', '9'.repeat(40)],
  },
  int32: {
    wrong_type: [1.5, '5', true, {}, [1], raw('1e999')],
    out_of_range: [2 ** 31, -(2 ** 31) - 1, beyond],
  },
  string: {
    wrong_type: [5, 0, true, {}, ['a']],
    too_long: [
      'a'.repeat(kib64 + 1),
      'é'.repeat(kib64 / 2 + 1),
      '🙂'.repeat(kib64 / 4 + 1),
      `${'漢'.repeat(21_845)}ab`,
    ],
    invalid_text: ['\0', 'a\0b', '\ud800', 'a\udc00b', '\udc00\ud800'],
  },
  bool: { wrong_type: [0, 1, 'true', 'false', '', {}, [true]] },
  timestamp: {
    wrong_type: [
      '',
      'now',
      '2026-02-30',
      '2026-01-31T25:00:00Z',
      '10000-01-01',
      '0000-12-31T23:59:59Z',
      true,
      {},
      1e300,
    ],
  },
  json: {
    invalid_text: ['\0', { a: ['\ud800'] }, { '\0': 1 }, { '\udc00': 1 }],
    out_of_range: [raw('[1e999]'), raw('{"a":{"b":-1e999}}')],
    too_long: ['a'.repeat(kib64 - 1), { a: 'é'.repeat(kib64 / 2) }, tooDeep],
  },
  bytes: {
    wrong_type: [5, true, {}, 'a', 'YQ', 'YQ=', 'Y Q=', 'YQ==\n', '-_-_', '====', '=YQ=', 'é==='],
    too_long: [Buffer.alloc(kib64 + 1).toString('base64')],
  },
  'float64[]': { wrong_type: [1, '1', {}, [null], [1, '2'], [[1]]], out_of_range: [raw('[1e999]')] },
  'float32[]': { wrong_type: [1, [null], ['1'], [true]], out_of_range: [[1, 1e39]] },
  'int64[]': { wrong_type: [1, '1', [null], [1.5], ['a'], [[1]]], out_of_range: [[beyond], ['9223372036854775808']] },
  'string[]': {
    wrong_type: ['a', [1], [null], ['a', null], [['a']]],
    too_long: [['a', 'a'.repeat(kib64 + 1)]],
    invalid_text: [['\0'], ['a', '\ud800']],
  },
};

/** Sent as this JSON text: what JavaScript would not write. */
function raw(text: string): { readonly raw: string } {
  return { raw: text };
}

/** Section 3: what is refused, per row, with index and code. */
describeEachCache('A refused value', (world) => {
  test.for(Object.entries(refused))('of dtype %s: refused per row, with index and code', async ([dtype, byCode]) => {
    const { view, store, online } = world();
    const name = await view([{ name: 'f', dtype }]);
    const cases = Object.entries(byCode).flatMap(([code, values]) => values.map((value) => ({ code, value })));
    const rows = cases.flatMap(({ value }, index) => [rowText(`bad${index}`, value), rowText(`good${index}`, null)]);
    const answer = await store.request('POST', '/api/v1/features/ingest', {
      rawBody: `{"view":"${name}","rows":[${rows.join(',')}]}`,
    });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json.accepted).toBe(cases.length);
    const found = answer.json.rejected.map(({ index, code }: { index: number; code: string }) => [index, code]);
    expect(found).toEqual(cases.map(({ code }, index) => [2 * index, code]));
    for (const { detail } of answer.json.rejected) expect(detail).toMatch(/^f (element \d+ )?(is|has) /);
    const stored = await recordedRows(world(), name);
    expect(stored.map(({ entityId }) => entityId).sort()).toEqual(cases.map((_, index) => `good${index}`).sort());
    expect(await online('bad0', `${name}:f`)).toEqual(['NOT_FOUND', null]);
  });

  test('leaves nothing of its row, not even its good values, and nothing of the other rows is lost', async () => {
    const { view, ingest, online } = world();
    const name = await view(['a', 'b']);
    const answer = await ingest(name, [
      ['u', start - 3, { a: 1, b: 1 }],
      ['u', start - 2, { a: 2, b: 'x' }],
      ['v', start - 1, { a: 3, b: 3 }],
    ]);
    expect(answer.json).toMatchObject({ accepted: 2, rejected: [{ index: 1, code: 'wrong_type' }] });
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 1]);
    expect(await online('v', `${name}:b`)).toEqual(['PRESENT', 3]);
  });

  test.for([
    ['unknown_feature', { entity_id: 'u', event_time: 0, values: { b: 1 } }],
    ['unknown_feature', { entity_id: 'u', event_time: 0, values: { A: 1 } }],
    ['unknown_feature', { entity_id: 'u', event_time: 0, values: { toString: 1 } }],
    ['unknown_field', { entity_id: 'u', event_time: 0, values: { a: 1 }, created_at: 0 }],
    ['invalid_row', { entity_id: 'u', event_time: 0 }],
    ['invalid_row', { entity_id: 'u', event_time: 0, values: null }],
    ['invalid_row', { entity_id: 'u', event_time: 0, values: [1] }],
    ['invalid_row', null],
    ['invalid_row', 'u'],
    ['invalid_row', []],
  ] as const)('%s: %j', async ([code, row]) => {
    const { view, store } = world();
    const name = await view(['a']);
    const answer = await store.post('/api/v1/features/ingest', { view: name, rows: [row] });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ code: 'no_row_accepted', accepted: 0, rejected: [{ index: 0, code }] });
  });

  test('NaN and the infinities are no JSON: the request is refused', async () => {
    const { view, store } = world();
    const name = await view([{ name: 'f', dtype: 'float64' }]);
    for (const value of ['NaN', 'Infinity', '-Infinity']) {
      const rawBody = `{"view":"${name}","rows":[${rowText('u', raw(value))}]}`;
      const answer = await store.request('POST', '/api/v1/features/ingest', { rawBody });
      expect([answer.status, answer.json.code]).toEqual([400, 'invalid_request']);
    }
  });
});

function rowText(entityId: string, value: unknown): string {
  const text =
    typeof value === 'object' && value !== null && 'raw' in value ? String(value.raw) : JSON.stringify(value);
  return `{"entity_id":"${entityId}","event_time":${(start - hour) / 1000},"values":{"f":${text}}}`;
}
