import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeRecord } from '../../../shared/delivery/decode-record.ts';
import { signEnvelope } from '../../../shared/delivery/envelope.ts';
import type { StreamBinding } from '../../../shared/platform/stream-bindings.ts';
import { recordOf } from './records.ts';

const envelopeSecret = 'the secret of the envelopes';
const bindings: StreamBinding[] = [
  { transport: 'kinesis', stream: 'clicks', tenant: 'acme', target: { kind: 'source', name: 'clicks' } },
  { transport: 'kafka', stream: 'clicks', tenant: 'umbrella', target: { kind: 'source', name: 'visits' } },
  { transport: 'kafka', stream: 'profiles', tenant: 'acme', target: { kind: 'view', name: 'profile@2' } },
];
const decode = (body: unknown, given = {}) => decodeRecord(recordOf(body, given), { bindings, envelopeSecret });
const reasonOf = (decoded: object) => ('reason' in decoded ? decoded.reason : undefined);
const signed = (content: unknown, secret = envelopeSecret) => signEnvelope(JSON.stringify(content), secret);

const click = { user_id: 'u1', at: '2026-01-31T12:00:00Z' };
const ofAcme = { tenant: 'acme', target: { kind: 'source', name: 'clicks' }, items: [click] };
const row = { entity_id: 'u1', event_time: 0, values: { age: 4 } };
const ofProfile = { tenant: 'acme', target: { kind: 'view', name: 'profile@2' }, items: [row] };

describe('the bytes of a record', () => {
  const json = Buffer.from(JSON.stringify(click));
  test.each([
    ['as they are', json],
    ['with a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), json])],
    ['compressed', gzipSync(json)],
    ['as base64', Buffer.from(json.toString('base64'))],
    ['compressed, as base64', Buffer.from(gzipSync(json).toString('base64'))],
    ['as base64, compressed', gzipSync(json.toString('base64'))],
  ])('are read %s', (_, data) => {
    expect(decode(data)).toEqual(ofAcme);
  });

  test.each([
    ['empty_record', Buffer.alloc(0)],
    ['not_json', '{"user_id": "u1"'],
    ['not_json', 'hello world'],
    ['not_utf8', Buffer.from([0xff, 0xfe, 0x00])],
    ['not_gzip', gzipSync(json).subarray(0, 20)],
    ['too_large', gzipSync(Buffer.alloc(20 * 1024 * 1024))],
    ['not_an_object', '[1]'],
    ['not_an_object', 'null'],
    ['not_an_object', '1234'],
  ])('are refused as %s', (reason, data) => {
    expect(reasonOf(decode(data))).toBe(reason);
  });

  test('may be encoded three times over, and no more', () => {
    const encoded = (times: number): Buffer =>
      times === 0 ? json : Buffer.from(encoded(times - 1).toString('base64'));
    expect(decode(encoded(2))).toEqual(ofAcme);
    expect(reasonOf(decode(encoded(3)))).toBe('not_json');
  });
});

describe('a record of a bound stream', () => {
  test('is one event, or an envelope of many', () => {
    expect(decode(click)).toEqual(ofAcme);
    expect(decode({ events: [click, click] })).toEqual({ ...ofAcme, items: [click, click] });
    expect(reasonOf(decode({ events: [] }))).toBe('invalid_envelope');
  });

  test('is of the tenant of its stream, and a topic of the same name is another', () => {
    expect(decode(click, { transport: 'kafka' })).toMatchObject({
      tenant: 'umbrella',
      target: { name: 'visits' },
    });
  });

  test('may say the tenant and the source that its stream is bound to', () => {
    expect(decode({ tenant: 'acme', source: 'clicks', ...click })).toEqual(ofAcme);
    expect(decode({ tenant: 'acme', source: 'clicks', events: [click] })).toEqual(ofAcme);
    expect(decode({ tenant: 'acme', events: [click] })).toEqual(ofAcme);
  });

  test.each([
    ['tenant_not_bound', { tenant: 'umbrella', source: 'clicks', ...click }],
    ['tenant_not_bound', { tenant: 'umbrella', source: 'clicks', events: [click] }],
    ['tenant_not_bound', { tenant: 'umbrella', events: [click] }],
    ['target_not_bound', { tenant: 'acme', source: 'visits', events: [click] }],
    ['target_not_bound', { tenant: 'acme', source: 'visits', ...click }],
    ['target_not_bound', { tenant: 'acme', view: 'profile', ...row }],
  ])('is refused as %s where it claims to be of another', (reason, body) => {
    expect(decode(body)).toMatchObject({ reason, tenant: 'acme' });
  });

  test('may have fields of the names tenant and source, one of them alone or in an envelope', () => {
    expect(decode({ ...click, source: 'ads' })).toMatchObject({ items: [{ ...click, source: 'ads' }] });
    expect(decode({ ...click, tenant: 'flat 4' })).toMatchObject({ items: [{ ...click, tenant: 'flat 4' }] });
    const both = { ...click, tenant: 'flat 4', source: 'ads' };
    expect(decode({ events: [both] })).toEqual({ ...ofAcme, items: [both] });
  });

  test('may bring rows of a view', () => {
    const position = { transport: 'kafka', stream: 'profiles' };
    expect(decode(row, position)).toEqual(ofProfile);
    expect(decode({ rows: [row] }, position)).toEqual(ofProfile);
    expect(decode({ tenant: 'acme', view: 'profile@2', ...row }, position)).toEqual(ofProfile);
    expect(reasonOf(decode({ tenant: 'umbrella', ...row }, position))).toBe('tenant_not_bound');
    expect(reasonOf(decode({ tenant: 'acme', view: 'other', ...row }, position))).toBe('target_not_bound');
    expect(reasonOf(decode({ tenant: 'acme', source: 'clicks', ...click }, position))).toBe('target_not_bound');
  });

  test('of a stream that is not bound is refused, whatever it says', () => {
    const refused = decode({ tenant: 'acme', source: 'clicks', events: [click] }, { stream: 'other' });
    expect(refused).toMatchObject({ reason: 'stream_not_bound', tenant: undefined });
  });
});

describe('a signed envelope', () => {
  test('says whose it is, by whatever stream it comes', () => {
    const content = { tenant: 'umbrella', source: 'visits', events: [click, click] };
    const expected = { tenant: 'umbrella', target: { kind: 'source', name: 'visits' }, items: [click, click] };
    expect(decode(signed(content), { stream: 'other' })).toEqual(expected);
    expect(decode(signed(content))).toEqual(expected);
    expect(decode(signed({ tenant: 'umbrella', source: 'visits', ...click }))).toEqual({ ...expected, items: [click] });
    expect(decode(signed({ tenant: 'acme', view: 'profile@2', rows: [row] }))).toEqual(ofProfile);
    expect(decode(signed({ tenant: 'acme', view: 'profile@2', ...row }))).toEqual(ofProfile);
  });

  test('is refused where the signature is not ours', () => {
    const content = { tenant: 'umbrella', source: 'visits', events: [click] };
    const envelope = signed(content);
    const forged = [
      signed(content, 'another secret, as long'),
      { ...envelope, signature: '' },
      { ...envelope, signature: envelope.signature.slice(1) },
      { ...envelope, payload: envelope.payload.replace('umbrella', 'acme') },
    ];
    for (const body of forged) expect(decode(body)).toMatchObject({ reason: 'wrong_signature', tenant: 'acme' });
    const withoutSecret = decodeRecord(recordOf(envelope), { bindings, envelopeSecret: undefined });
    expect(reasonOf(withoutSecret)).toBe('wrong_signature');
  });

  test('is refused where it does not say whose it is, or brings nothing', () => {
    for (const content of [
      { source: 'visits', events: [click] },
      { tenant: 'acme', events: [click] },
      { tenant: 'acme', source: 'clicks', events: [] },
    ]) {
      expect(reasonOf(decode(signed(content)))).toBe('invalid_envelope');
    }
    expect(reasonOf(decode(signEnvelope('[]', envelopeSecret)))).toBe('not_an_object');
    expect(reasonOf(decode(signEnvelope('{', envelopeSecret)))).toBe('not_json');
  });
});
