import { expect, test } from 'vitest';
import { prepareLimits } from '../../../shared/limits/prepare-limits.ts';
import type { RateLimit } from '../../../shared/platform/rate-limit.ts';
import { expandScopes, type Principal } from '../../../shared/tenancy/index.ts';

function principalWith(key: RateLimit | undefined, tenant: RateLimit | undefined): Principal {
  return {
    tenant: { tenantId: 't_abcdefghijkl', tenantName: 'acme' },
    keyId: '0123456789AB',
    scopes: expandScopes(['read']),
    cell: 'default',
    limits: { key, tenant },
  };
}

test('without a limit there is nothing to prepare', () => {
  expect(prepareLimits(principalWith(undefined, undefined))).toBeUndefined();
});

test('the window of a policy is what its burst takes to come back, rounded up to whole seconds', () => {
  const policyOf = (requestsPerSecond: number, burst: number) =>
    prepareLimits(principalWith(undefined, { requestsPerSecond, burst }))?.policies;
  expect(policyOf(100, 100)).toBe('"tenant";q=100;w=1');
  expect(policyOf(100, 101)).toBe('"tenant";q=101;w=2');
  expect(policyOf(100, 1)).toBe('"tenant";q=1;w=1');
  expect(policyOf(1, 60)).toBe('"tenant";q=60;w=60');
});

test('the bucket of a tenant is the same for all its keys, and that of a key is its own', () => {
  const limit = { requestsPerSecond: 4, burst: 8 };
  const one = prepareLimits(principalWith(limit, limit));
  const other = prepareLimits({ ...principalWith(limit, limit), keyId: 'BA9876543210' });
  const [ofOne, ofOther] = [one?.limits.map(({ id }) => id), other?.limits.map(({ id }) => id)];
  expect(ofOne?.[1]).toBe(ofOther?.[1]);
  expect(ofOne?.[0]).not.toBe(ofOther?.[0]);
  expect(one?.command.buckets).toEqual([
    { keyId: '0123456789AB', intervalMicros: 250_000, burst: 8 },
    { keyId: undefined, intervalMicros: 250_000, burst: 8 },
  ]);
});
