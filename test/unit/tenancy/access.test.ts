import { expect, test } from 'vitest';
import {
  expandScopes,
  extractApiKey,
  isPlatformKey,
  type Principal,
  requireScope,
} from '../../../shared/tenancy/index.ts';

function principalWith(scopes: Principal['scopes']): Principal {
  return {
    tenant: { tenantId: 't_abcdefghijkl', tenantName: 'acme' },
    keyId: '0123456789AB',
    scopes,
    cell: 'default',
    limits: { key: undefined, tenant: undefined },
  };
}

test('admin includes write and write includes read', () => {
  expect([...expandScopes(['admin'])]).toEqual(['read', 'write', 'admin']);
  expect([...expandScopes(['write'])]).toEqual(['read', 'write']);
  expect([...expandScopes(['read'])]).toEqual(['read']);
  expect([...expandScopes(['admin', 'read'])]).toEqual(['read', 'write', 'admin']);
  expect([...expandScopes([])]).toEqual([]);
});

test('a key without the scope is forbidden, and told which scope it takes', () => {
  const reader = principalWith(expandScopes(['read']));
  requireScope(reader, 'read');
  expect(() => requireScope(reader, 'write')).toThrow(
    expect.objectContaining({ code: 'forbidden', message: 'this needs an API key with the scope write' }),
  );
});

test('a key is taken from either header', () => {
  expect(extractApiKey({ apiKey: 'k', authorization: undefined })).toBe('k');
  expect(extractApiKey({ apiKey: undefined, authorization: 'Bearer k' })).toBe('k');
  expect(extractApiKey({ apiKey: undefined, authorization: 'bearer   k ' })).toBe('k');
  expect(extractApiKey({ apiKey: 'k', authorization: 'Bearer k' })).toBe('k');
  expect(extractApiKey({ apiKey: 'k', authorization: 'Basic dXNlcjpwYXNz' })).toBe('k');
});

test('headers without a key are no key', () => {
  for (const authorization of [undefined, '', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'Bearerk']) {
    expect(extractApiKey({ apiKey: undefined, authorization })).toBeUndefined();
    expect(extractApiKey({ apiKey: ' ', authorization })).toBeUndefined();
  }
});

test('two different keys in one request are refused', () => {
  expect(() => extractApiKey({ apiKey: 'k', authorization: 'Bearer other' })).toThrow(
    expect.objectContaining({ code: 'unauthenticated' }),
  );
});

test('only the whole platform key is the platform key', () => {
  expect(isPlatformKey('operator', 'operator')).toBe(true);
  for (const presented of [undefined, '', 'operato', 'operators', 'Operator']) {
    expect(isPlatformKey(presented, 'operator')).toBe(false);
  }
});

test('a deployment without a platform key lets nobody in as the operator', () => {
  for (const presented of [undefined, '', 'undefined']) {
    expect(isPlatformKey(presented, undefined)).toBe(false);
    expect(isPlatformKey(presented, '')).toBe(false);
  }
});
