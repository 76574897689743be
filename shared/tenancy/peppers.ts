import { createHmac, timingSafeEqual } from 'node:crypto';

/** A secret that is not in DynamoDB, so that a copy of the table alone cannot be used to check guesses. */
export interface Pepper {
  /** Stored beside each hash; never given to another secret. */
  readonly id: string;
  readonly secret: string;
}

/**
 * The first one hashes new keys. The others are those before it, each kept until the keys that it hashed are rotated: a
 * key whose pepper is gone is no longer valid.
 */
export type Peppers = readonly [current: Pepper, ...previous: Pepper[]];

export function hashApiKey(pepper: Pepper, key: string): Uint8Array<ArrayBuffer> {
  return createHmac('sha256', pepper.secret).update(key).digest();
}

export function matchesHash(
  peppers: Peppers,
  key: string,
  stored: { readonly pepperId: string; readonly hash: Uint8Array },
): boolean {
  const pepper = peppers.find(({ id }) => id === stored.pepperId);
  if (pepper === undefined) return false;
  const hash = hashApiKey(pepper, key);
  return hash.length === stored.hash.length && timingSafeEqual(hash, stored.hash);
}
