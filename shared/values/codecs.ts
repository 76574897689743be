import type { Dtype } from '../contract/dtypes.ts';
import type { RowErrorCode } from '../contract/errors.ts';
import { formatGiven, parseTime } from '../contract/time.ts';

/** Why a value was refused: a value, not an exception, since bad rows are ordinary. */
export interface ValueError {
  readonly code: RowErrorCode;
  readonly detail: string;
}

/**
 * A value ready to be stored: as an element of a Postgres array literal, and as JSON text of the stored row. One text
 * where both are the same (numbers, booleans), so that no object is made for each of the millions of them.
 */
export type EncodedValue = string | { readonly element: string; readonly json: string };

/** How values of one dtype go in and out. */
export interface Codec {
  /** Of the table's column. */
  readonly columnType: string;
  /** Of one row's value within the parameter array; array dtypes travel as text, since unnest flattens nested arrays. */
  readonly elementType: string;
  /** Of anything but null. */
  encode(value: unknown): EncodedValue | ValueError;
  /** SQL that reads the column as text. */
  select(column: string): string;
  /** Of that text, to the value that answers write. */
  decode(text: string): unknown;
}

/** Bytes of a string, of a bytes value, of JSON text. */
const mostBytes = 65_536;
/** Levels of arrays and objects in a json value; Postgres's parser has a stack to mind. */
const mostDepth = 100;

const wrongType = (expected: string): ValueError => ({ code: 'wrong_type', detail: `is not ${expected}` });
const outOfRange = (detail: string): ValueError => ({ code: 'out_of_range', detail });
const tooLong: ValueError = { code: 'too_long', detail: `is longer than ${mostBytes} bytes` };
const invalidText: ValueError = { code: 'invalid_text', detail: 'has a NUL character or a lone surrogate' };

export const isValueError = (encoded: EncodedValue | ValueError): encoded is ValueError =>
  typeof encoded !== 'string' && 'code' in encoded;

export const elementOf = (encoded: EncodedValue): string => (typeof encoded === 'string' ? encoded : encoded.element);
export const jsonOf = (encoded: EncodedValue): string => (typeof encoded === 'string' ? encoded : encoded.json);

const castToText = (column: string): string => `${column}::text`;

function encodeFloat64(value: unknown): EncodedValue | ValueError {
  if (typeof value !== 'number') return wrongType('a number');
  // JSON knows no NaN nor infinity, but 1e999 reads as one. String(-0) is 0.
  return Number.isFinite(value) ? String(value) : outOfRange('is not a finite number');
}

function encodeFloat32(value: unknown): EncodedValue | ValueError {
  if (typeof value !== 'number') return wrongType('a number');
  const nearest = Math.fround(value);
  if (!Number.isFinite(nearest)) return outOfRange('is beyond float32');
  // Postgres gets the exact value: it rounds a short decimal once, JavaScript twice, and in a few of 2^32 cases otherwise.
  return { element: String(nearest), json: shortestFloat32(nearest) };
}

/**
 * The shortest decimal that reads back as this float32. Postgres writes another one for 1 in 15 between 10^6 and 10^7
 * (1573974.2 where this is 1573974.3, the value being 1573974.25), so its columns are read as doubles and written by this.
 */
export function shortestFloat32(nearest: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(nearest.toPrecision(digits));
    if (Math.fround(shorter) === nearest) return String(shorter);
  }
  return String(Number(nearest.toPrecision(9)));
}

const largestInt64 = 2n ** 63n - 1n;
const smallestInt64 = -(2n ** 63n);

function encodeInt64(value: unknown): EncodedValue | ValueError {
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return wrongType('an integer');
    // JSON has already rounded what lies beyond.
    return Number.isSafeInteger(value) ? String(value) : outOfRange('is a number beyond 2^53 - 1: send it as a string');
  }
  if (typeof value !== 'string' || !/^-?\d{1,40}$/.test(value)) return wrongType('an integer, or a string of one');
  const integer = BigInt(value);
  if (integer > largestInt64 || integer < smallestInt64) return outOfRange('is beyond int64');
  const text = String(integer);
  return Number.isSafeInteger(Number(integer)) ? text : { element: text, json: `"${text}"` };
}

function encodeInt32(value: unknown): EncodedValue | ValueError {
  if (typeof value !== 'number' || !Number.isInteger(value)) return wrongType('an integer');
  return value >= -(2 ** 31) && value < 2 ** 31 ? String(value) : outOfRange('is beyond int32');
}

function encodeBool(value: unknown): EncodedValue | ValueError {
  return typeof value === 'boolean' ? String(value) : wrongType('true or false');
}

function encodeString(value: unknown): EncodedValue | ValueError {
  if (typeof value !== 'string') return wrongType('a string');
  return stringError(value) ?? { element: quoteElement(value), json: JSON.stringify(value) };
}

function stringError(value: string): ValueError | undefined {
  // A third of the limit cannot be exceeded by UTF-8's three bytes a code unit.
  if (value.length > mostBytes / 3 && Buffer.byteLength(value) > mostBytes) return tooLong;
  return value.includes('\0') || !value.isWellFormed() ? invalidText : undefined;
}

function encodeTimestamp(value: unknown): EncodedValue | ValueError {
  const time = parseTime(value);
  if (time === undefined) return wrongType('a time: RFC 3339 or epoch milliseconds');
  const text = formatGiven(value, time);
  return { element: `"${text}"`, json: `"${text}"` };
}

function encodeBytes(value: unknown): EncodedValue | ValueError {
  if (typeof value !== 'string' || !isBase64(value)) return wrongType('base64');
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length > mostBytes) return tooLong;
  return { element: `"\\\\x${bytes.toString('hex')}"`, json: `"${bytes.toString('base64')}"` };
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function encodeJson(value: unknown): EncodedValue | ValueError {
  const error = jsonError(value, 0);
  if (error !== undefined) return error;
  const json = JSON.stringify(value);
  if (json.length > mostBytes / 3 && Buffer.byteLength(json) > mostBytes) return tooLong;
  return { element: quoteElement(json), json };
}

/** What Postgres's jsonb or a later JSON.stringify would not keep. */
function jsonError(value: unknown, depth: number): ValueError | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? invalidText : undefined;
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : outOfRange('has a number that is not finite');
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === mostDepth) return { code: 'too_long', detail: `is nested more than ${mostDepth} levels` };
  for (const [key, member] of Object.entries(value)) {
    const error = jsonError(key, depth) ?? jsonError(member, depth + 1);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** `readAs`: the type whose text the member's `decode` takes. */
function arrayCodec(member: Codec, memberType: string, readAs = memberType): Codec {
  return {
    columnType: `${memberType}[]`,
    elementType: 'text',
    encode: (value) => {
      if (!Array.isArray(value)) return wrongType('an array');
      const elements: string[] = [];
      const json: string[] = [];
      for (const [index, item] of value.entries()) {
        if (item === null) return wrongType(`an array without nulls (element ${index})`);
        const encoded = member.encode(item);
        if (isValueError(encoded)) return { code: encoded.code, detail: `element ${index} ${encoded.detail}` };
        elements.push(elementOf(encoded));
        json.push(jsonOf(encoded));
      }
      return { element: quoteElement(`{${elements.join(',')}}`), json: `[${json.join(',')}]` };
    },
    select: (column) => `to_json(${column}::${readAs}[]::text[])::text`,
    decode: (text) => {
      const elements: string[] = JSON.parse(text);
      return elements.map((element) => member.decode(element));
    },
  };
}

/** An element of a Postgres array literal in quotes. */
export function quoteElement(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

/** A Postgres array literal of elements that are ready: as the driver would write it, at half the cost. */
export function arrayOf<Item>(items: readonly Item[], elementOf: (item: Item) => string): string {
  let text = '{';
  for (const item of items) text += text.length === 1 ? elementOf(item) : `,${elementOf(item)}`;
  return `${text}}`;
}

function decodeInt64(text: string): unknown {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

const float64: Codec = {
  columnType: 'double precision',
  elementType: 'double precision',
  encode: encodeFloat64,
  select: castToText,
  decode: Number,
};
const float32: Codec = {
  columnType: 'real',
  elementType: 'real',
  encode: encodeFloat32,
  select: (column) => `${column}::double precision::text`,
  decode: (text) => Number(shortestFloat32(Number(text))),
};
const int64: Codec = {
  columnType: 'bigint',
  elementType: 'bigint',
  encode: encodeInt64,
  select: castToText,
  decode: decodeInt64,
};
const string: Codec = {
  columnType: 'text',
  elementType: 'text',
  encode: encodeString,
  select: (column) => column,
  decode: (text) => text,
};

export const codecs: Readonly<Record<Dtype, Codec>> = {
  float64,
  float32,
  int64,
  int32: { columnType: 'integer', elementType: 'integer', encode: encodeInt32, select: castToText, decode: Number },
  string,
  bool: {
    columnType: 'boolean',
    elementType: 'boolean',
    encode: encodeBool,
    select: castToText,
    decode: (text) => text === 'true',
  },
  timestamp: {
    columnType: 'timestamptz',
    elementType: 'timestamptz',
    encode: encodeTimestamp,
    select: (column) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
    decode: (text) => text.replace(/000Z$/, 'Z'),
  },
  json: {
    columnType: 'jsonb',
    elementType: 'jsonb',
    encode: encodeJson,
    select: castToText,
    decode: (text) => JSON.parse(text),
  },
  bytes: {
    columnType: 'bytea',
    elementType: 'bytea',
    encode: encodeBytes,
    // Postgres breaks base64 into lines.
    select: (column) => `translate(encode(${column}, 'base64'), E'\\n', '')`,
    decode: (text) => text,
  },
  'float64[]': arrayCodec(float64, 'double precision'),
  'float32[]': arrayCodec(float32, 'real', 'double precision'),
  'int64[]': arrayCodec(int64, 'bigint'),
  'string[]': arrayCodec(string, 'text'),
};
