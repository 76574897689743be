import type { RowErrorCode } from '../../../../shared/contract/errors.ts';
import {
  badNames,
  deepList,
  deepObject,
  jsonText,
  memberCases,
  shown,
  unstorableTexts,
  type WrongRequest,
} from './wrong-request.ts';

const infinity = Number.POSITIVE_INFINITY;
const texts = unstorableTexts.map(([, text]) => text);

const ingest = '/api/v1/features/ingest';
const good = { entity_id: 'u2', event_time: new Date().toISOString(), values: { country: 'DE' } };
const body = { view: 'user_profile', rows: [good] };

/** A request whose only row is refused with the code. */
const refusedRow = (what: string, row: string, code: RowErrorCode): WrongRequest => ({
  title: `a row with ${what}`,
  path: ingest,
  rawBody: `{"view":"user_profile","rows":[${row}]}`,
  code: 'no_row_accepted',
  members: { accepted: 0, rejected: [{ index: 0, code, detail: expectText }] },
});

const expectText = { asymmetricMatch: (given: unknown): boolean => typeof given === 'string' && given.length < 1000 };

const rowCases = (member: string, code: RowErrorCode, values: readonly unknown[]): WrongRequest[] =>
  values.map((value) => refusedRow(`${member} ${shown(value)}`, jsonText({ ...good, [member]: value }), code));

const valueCases = (feature: string, code: RowErrorCode, values: readonly unknown[]): WrongRequest[] =>
  values.map((value) =>
    refusedRow(`${feature} ${shown(value)}`, jsonText({ ...good, values: { [feature]: value } }), code),
  );

const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

export const ingestRequests: readonly WrongRequest[] = [
  ...memberCases(ingest, body, 'view', 'invalid_name', [...badNames, 'user_profile@0', 'user_profile:age']),
  ...memberCases(ingest, body, 'view', 'invalid_request', [undefined, null, 1, [], {}]),
  ...memberCases(ingest, body, 'view', 'view_not_found', ['nothing', 'user_profile@2', 'other_view', 'constructor']),
  ...memberCases(ingest, body, 'rows', 'invalid_request', [undefined, null, [], {}, 'a', 1]),
  ...memberCases(ingest, body, 'rows', 'too_many_rows', [new Array(50_001).fill(1)]),
  ...memberCases(ingest, body, 'rows', 'no_row_accepted', [
    [null],
    [1],
    ['a'],
    [[]],
    [[good]],
    [{}],
    [{ constructor: 1 }],
  ]),
  ...rowCases('entity_id', 'invalid_entity_id', [
    undefined,
    null,
    '',
    1.5,
    2 ** 53,
    infinity,
    {},
    ['u1'],
    'x'.repeat(513),
    ...texts,
  ]),
  ...rowCases('event_time', 'invalid_event_time', [undefined, null, '', 'now', '2026-02-30', infinity, {}, '\u0000']),
  ...rowCases('event_time', 'event_time_in_future', [inHours(1)]),
  ...rowCases('event_time', 'event_time_out_of_range', ['1969-12-31T23:59:59Z', -1, '2255-01-01T00:00:00Z']),
  ...rowCases('event_time', 'event_time_beyond_retention', [inHours(-24 * 91), 0]),
  ...rowCases('values', 'invalid_row', [undefined, null, [], 'a', 1]),
  ...rowCases('values', 'unknown_feature', [
    { nothing: 1 },
    { constructor: 1 },
    { toString: 1 },
    { entity_id: 'x' },
    { 'country"; DROP TABLE t; --': 1 },
    { [texts[0] ?? '']: 1 },
    { ['x'.repeat(5000)]: 1 },
  ]),
  ...rowCases('feature', 'unknown_field', [1]),
  ...rowCases('constructor', 'unknown_field', [1]),
  refusedRow('a member __proto__', `{"__proto__":{"entity_id":"u2"},${JSON.stringify(good).slice(1)}`, 'unknown_field'),
  refusedRow('a value __proto__', jsonText(good).replace('"values":{', '"values":{"__proto__":1,'), 'unknown_feature'),
  ...valueCases('age', 'wrong_type', ['a', '', '1.5', 1.5, true, {}, [1], infinity]),
  ...valueCases('age', 'out_of_range', [2 ** 53, '9223372036854775808', '-9223372036854775809']),
  ...valueCases('count', 'wrong_type', ['1', 1.5, true]),
  ...valueCases('count', 'out_of_range', [2 ** 31, -(2 ** 31) - 1]),
  ...valueCases('score', 'wrong_type', ['1', 'NaN', true, [1], {}]),
  ...valueCases('score', 'out_of_range', [infinity]),
  ...valueCases('ratio', 'out_of_range', [1e39, infinity]),
  ...valueCases('is_active', 'wrong_type', ['true', 1, 0, {}]),
  ...valueCases('country', 'wrong_type', [1, true, {}, ['DE']]),
  ...valueCases('country', 'invalid_text', texts),
  ...valueCases('country', 'too_long', ['x'.repeat(65_537), 'é'.repeat(32_769)]),
  ...valueCases('seen_at', 'wrong_type', ['yesterday', '', true, infinity, '10000-01-01']),
  ...valueCases('note', 'invalid_text', [...texts, ...texts.map((text) => ({ [text]: 1 })), [texts]]),
  ...valueCases('note', 'out_of_range', [infinity, { a: [infinity] }]),
  ...valueCases('note', 'too_long', ['x'.repeat(65_537)]),
  ...valueCases('picture', 'wrong_type', ['***', 'a', 1]),
  ...valueCases('picture', 'too_long', [Buffer.alloc(65_537).toString('base64')]),
  ...valueCases('embedding', 'wrong_type', [1, '1', ['1'], [null], [[1]], {}]),
  ...valueCases('embedding', 'out_of_range', [[1, infinity]]),
  ...valueCases('words', 'wrong_type', [[1], [null], 'a']),
  ...valueCases(
    'words',
    'invalid_text',
    texts.map((text) => ['a', text]),
  ),
  ...[deepList, deepObject].flatMap((deep) => [
    refusedRow(
      'a deep json value',
      jsonText(good).replace('"DE"', '0').replace('"country":0', `"note":${deep}`),
      'too_long',
    ),
    refusedRow('a deep array value', jsonText(good).replace('"country":"DE"', `"embedding":${deep}`), 'wrong_type'),
    refusedRow('a deep entity id', jsonText(good).replace('"u2"', deep), 'invalid_entity_id'),
  ]),
  {
    title: 'one view in the query and another in the body',
    path: `${ingest}?view=merchant_risk`,
    body,
    code: 'invalid_request',
  },
  ...[
    'text/plain',
    'text/csv',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
  ].map(
    (type): WrongRequest => ({
      title: `content type ${type}`,
      path: ingest,
      body,
      headers: { 'content-type': type },
      code: 'unsupported_media_type',
    }),
  ),
  ...['', 'x'.repeat(256), ' '].map(
    (key): WrongRequest => ({
      title: `an idempotency key of ${key.length} characters, trimmed`,
      path: ingest,
      body,
      headers: { 'idempotency-key': key },
      code: 'invalid_request',
    }),
  ),
];

const ndjson = (
  title: string,
  query: string,
  rawBody: string | Uint8Array,
  code: WrongRequest['code'],
): WrongRequest => ({
  title: `NDJSON ${title}`,
  path: `${ingest}${query}`,
  rawBody,
  headers: { 'content-type': 'application/x-ndjson' },
  code,
});

const line = jsonText(good);

export const ndjsonRequests: readonly WrongRequest[] = [
  ndjson('without a view', '', line, 'invalid_request'),
  ndjson('with an empty view', '?view=', line, 'invalid_name'),
  ndjson('with a bad view', '?view=a%20b', line, 'invalid_name'),
  ndjson('with a NUL in the view', '?view=a%00', line, 'invalid_name'),
  ndjson('with the view twice', '?view=user_profile&view=merchant_risk', line, 'invalid_request'),
  ndjson('with a view that is no UTF-8', '?view=%FF', line, 'invalid_request'),
  ndjson('with an unknown parameter', '?view=user_profile&constructor=1', line, 'invalid_request'),
  ndjson("with another tenant's view", '?view=other_view', line, 'view_not_found'),
  ndjson('without a row', '?view=user_profile', '', 'invalid_request'),
  ndjson('of blank lines', '?view=user_profile', '\n \r\n\t\n', 'invalid_request'),
  ndjson('of text', '?view=user_profile', 'not json\nnor this', 'no_row_accepted'),
  ndjson('of a JSON request', '?view=user_profile', jsonText(body), 'no_row_accepted'),
  ndjson('of one array of rows', '?view=user_profile', `[${line}]`, 'no_row_accepted'),
  ndjson('that is deep', '?view=user_profile', deepList, 'no_row_accepted'),
  ndjson('with NaN', '?view=user_profile', line.replace('"DE"', 'NaN'), 'no_row_accepted'),
  ndjson('with a row over two lines', '?view=user_profile', line.replace(',', ',\n'), 'no_row_accepted'),
  ndjson('that is no UTF-8', '?view=user_profile', new Uint8Array([0xff, 0x0a]), 'invalid_request'),
  ndjson('of 50,001 lines', '?view=user_profile', '1\n'.repeat(50_001), 'too_many_rows'),
  ndjson('over 4 MiB', '?view=user_profile', `${line}\n`.repeat(50_000), 'payload_too_large'),
];
