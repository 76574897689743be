import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseJson, parseWith, readBody, readParams, readQuery } from '../../../functions/http/parse-request.ts';
import { FeatureStoreError } from '../../../shared/contract/errors.ts';
import { boundedList, recordOf, textSchema } from '../../../shared/contract/scalars.ts';

function errorOf(run: () => unknown): FeatureStoreError {
  try {
    run();
  } catch (error) {
    if (error instanceof FeatureStoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parsing with a schema', () => {
  const schema = z.strictObject({ list: z.array(z.string()), name: z.string().optional() });

  test('names the place of each mistake, entry 0 too, and counts those after five', () => {
    const { code, message } = errorOf(() => parseWith(schema, { list: [1, 2, 3, 4, 5, 6, 7] }, 'body'));
    expect(code).toBe('invalid_request');
    expect(message).toMatch(/^body\.list\.0: .*; body\.list\.1: .*; body\.list\.4: .*; and 2 more$/);
    expect(errorOf(() => parseWith(schema, 5, '')).message).toMatch(/^: /);
  });

  test('sends neither a huge name nor a lone surrogate back', () => {
    const { message } = errorOf(() => parseWith(schema, { list: [], ['x'.repeat(1_000_000)]: 1, '\ud800': 1 }, ''));
    expect(message.length).toBeLessThan(400);
    expect(errorOf(() => parseWith(schema, { list: [], '\ud800': 1 }, '')).message.isWellFormed()).toBe(true);
  });

  test('has the code of the first mistake', () => {
    const coded = z.string().refine(() => false, { params: { code: 'reserved_name' } });
    expect(errorOf(() => parseWith(z.object({ a: coded, b: z.string() }), { a: '', b: 1 }, '')).code).toBe(
      'reserved_name',
    );
    expect(errorOf(() => parseWith(z.object({ b: z.string(), a: coded }), { a: '', b: 1 }, '')).code).toBe(
      'invalid_request',
    );
    const unknown = z.string().refine(() => false, { params: { code: 'constructor' } });
    expect(errorOf(() => parseWith(unknown, '', '')).code).toBe('invalid_request');
  });

  test('refuses a long list by its length, before its entries', () => {
    let looked = 0;
    const entry = z.unknown().refine(() => {
      looked += 1;
      return false;
    });
    const list = boundedList(entry, 3, 'too_many_rows');
    expect(errorOf(() => parseWith(list, [1, 2, 3, 4], 'rows'))).toMatchObject({
      code: 'too_many_rows',
      message: 'rows: at most 3, not 4',
    });
    expect(looked).toBe(0);
    expect(errorOf(() => parseWith(list, [1, 2, 3], '')).code).toBe('invalid_request');
    expect(looked).toBe(3);
  });

  test('refuses a member __proto__ of a record, and takes constructor', () => {
    const record = recordOf(z.string(), z.unknown());
    expect(errorOf(() => parseWith(record, parseJson('{"__proto__":1}'), '')).code).toBe('invalid_request');
    expect(parseWith(record, parseJson('{"constructor":1,"toString":2}'), '')).toEqual({ constructor: 1, toString: 2 });
    expect(parseWith(z.optional(record), undefined, '')).toBeUndefined();
  });

  test('takes text of every code point but NUL, and counts code points', () => {
    const schemaOfThree = textSchema(3);
    for (const text of ['', 'abc', '\u{1f4a5}\u{1f4a5}\u{1f4a5}', '\u0001\uffff\ufeff'])
      expect(parseWith(schemaOfThree, text, '')).toBe(text);
    for (const text of ['abcd', 'a\u0000', '\ud800', '\udc00\ud800']) {
      expect(errorOf(() => parseWith(schemaOfThree, text, '')).code).toBe('invalid_request');
    }
  });
});

/** What a reader of requests makes of one. */
async function read(
  url: string,
  reader: (context: Parameters<typeof readQuery>[0]) => unknown,
  init?: RequestInit & { duplex?: 'half' },
) {
  const app = new Hono();
  let result: unknown;
  app.all('/:name', async (c) => {
    try {
      result = await reader(c);
    } catch (error) {
      result = error instanceof FeatureStoreError ? error.code : error;
    }
    return c.body(null);
  });
  await app.request(url, init);
  return result;
}

describe('the query', () => {
  test.each([
    ['/a', {}],
    ['/a?q=1&tag=b%20c', { q: '1', tag: 'b c' }],
    ['/a?q=a+b', { q: 'a b' }],
    ['/a?q=a%2Bb&empty=', { q: 'a+b', empty: '' }],
    ['/a?q=%E6%95%B0', { q: '数' }],
    ['/a?constructor=1', { constructor: '1' }],
    ['/a?q=1&q=1', 'invalid_request'],
    ['/a?q=%FF', 'invalid_request'],
    ['/a?%FF=q', 'invalid_request'],
    ['/a?q=%', 'invalid_request'],
  ])('of %s is %j', async (url, expected) => {
    expect(await read(url, readQuery)).toEqual(expected);
  });

  test('has a parameter __proto__ as its own', async () => {
    const query = await read('/a?__proto__=1', readQuery);
    expect(Object.entries(query ?? {})).toEqual([['__proto__', '1']]);
  });
});

describe('the path', () => {
  test.each([
    ['/a%2Fb%25c', { name: 'a/b%c' }],
    ['/a%25FF', { name: 'a%FF' }],
    ['/%E6%95%B0', { name: '数' }],
    ['/%FF', 'invalid_request'],
    ['/%', 'invalid_request'],
    ['/%E0%A4%A', 'invalid_request'],
  ])('of %s is %j', async (url, expected) => {
    expect(await read(url, readParams)).toEqual(expected);
  });
});

describe('the body', () => {
  const bodyOf = (body: string | Uint8Array | ReadableStream | undefined, headers: Record<string, string> = {}) =>
    read('/a', (c) => readBody(c, 4), {
      method: 'POST',
      headers,
      duplex: 'half',
      ...(body === undefined ? {} : { body }),
    });

  const streamOf = (...chunks: string[]) =>
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });

  test('is read as text up to its limit, announced or in chunks', async () => {
    expect(await bodyOf('abcd', { 'content-length': '4' })).toBe('abcd');
    expect(await bodyOf(streamOf('ab', 'cd'))).toBe('abcd');
    expect(await bodyOf(streamOf('\u{1f4a5}'.slice(0, 2)))).toBe('\u{1f4a5}');
    expect(await bodyOf(undefined)).toBe('');
  });

  test('is refused over its limit, by what is announced and by what comes', async () => {
    expect(await bodyOf('a', { 'content-length': '5' })).toBe('payload_too_large');
    expect(await bodyOf('abcde', { 'content-length': '1' })).toBe('payload_too_large');
    expect(await bodyOf(streamOf('ab', 'cde'))).toBe('payload_too_large');
  });

  test('is read without the byte order mark that it begins with, and with any other', async () => {
    expect(await bodyOf('\ufeffa')).toBe('a');
    expect(await bodyOf(streamOf('\ufeff'))).toBe('');
    expect(await read('/a', (c) => readBody(c), { method: 'POST', body: '\ufeff\ufeffa\ufeff' })).toBe('\ufeffa\ufeff');
  });

  test('is refused where it is compressed', async () => {
    for (const encoding of ['gzip', 'br', 'identity, gzip', 'x'.repeat(1000)])
      expect(await bodyOf('abcd', { 'content-encoding': encoding })).toBe('invalid_request');
    for (const encoding of ['', 'identity', 'Identity'])
      expect(await bodyOf('abcd', { 'content-encoding': encoding })).toBe('abcd');
  });

  test('is refused where it is no UTF-8 or breaks off', async () => {
    expect(await bodyOf(new Uint8Array([0xff]))).toBe('invalid_request');
    const broken = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.error(new Error('aborted')),
      });
    expect(await bodyOf(broken())).toBe('invalid_request');
    expect(await bodyOf(broken(), { 'content-length': '2' })).toBe('invalid_request');
  });
});
