import { assert, constantFrom, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { apiKeyLength, generateApiKey, parseApiKey } from '../../../shared/tenancy/api-key-format.ts';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

test('a key that was made is read back to its key id', () => {
  for (let round = 0; round < 1000; round += 1) {
    const { keyId, key } = generateApiKey();
    expect(key).toMatch(/^fs_[0-9A-Za-z]{12}_[0-9A-Za-z]{36}$/);
    expect(key).toHaveLength(apiKeyLength);
    expect(parseApiKey(key)).toEqual({ keyId });
  }
});

test('no two keys are alike', () => {
  const keys = Array.from({ length: 1000 }, generateApiKey);
  expect(new Set(keys.map(({ key }) => key)).size).toBe(1000);
  expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(1000);
});

test('a checksum stays what it is, since keys outlive releases', () => {
  const body = 'fs_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRST';
  expect(parseApiKey(`${body}2wNcgI`)).toEqual({ keyId: '0123456789AB' });
});

test('a key with any one character replaced by any other is refused', () => {
  const { key } = generateApiKey();
  for (let position = 0; position < key.length; position += 1) {
    for (const character of `${base62}_- é\n`) {
      if (character === key[position]) continue;
      expect(parseApiKey(key.slice(0, position) + character + key.slice(position + 1))).toBeUndefined();
    }
  }
});

test('whichever key it is, one replaced, lost or doubled character is refused', () => {
  const typo = record({ position: nat(apiKeyLength - 1), character: constantFrom(...base62) });
  assert(
    property(typo, ({ position, character }) => {
      const { key } = generateApiKey();
      const before = key.slice(0, position);
      const after = key.slice(position + 1);
      expect(parseApiKey(before + after)).toBeUndefined();
      expect(parseApiKey(before + key[position] + key[position] + after)).toBeUndefined();
      if (character !== key[position]) expect(parseApiKey(before + character + after)).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});

test('what is no key at all is refused', () => {
  const { key } = generateApiKey();
  for (const text of ['', 'fs_', 'tenant1_key', `${key}\n`, ` ${key}`, key.toUpperCase(), key.repeat(2)]) {
    expect(parseApiKey(text)).toBeUndefined();
  }
});
