import { crc32 } from 'node:zlib';
import { randomText } from './random-text.ts';

// fs_<12 characters of key id>_<30 random characters><6 characters of checksum>. 30 of base62 are 178 bits.
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const keyPattern = /^fs_([0-9A-Za-z]{12})_[0-9A-Za-z]{36}$/;
const keyIdPattern = /^[0-9A-Za-z]{12}$/;
const checksumLength = 6;

export const apiKeyLength = 52;

/** A new whole key. Key ids need no check for being taken: 12 of base62 are 71 bits. */
export function generateApiKey(): { keyId: string; key: string } {
  const keyId = randomText(base62, 12);
  const body = `fs_${keyId}_${randomText(base62, 30)}`;
  return { keyId, key: body + checksum(body) };
}

/** Undefined where it is no key of ours: the checksum refuses a typo before anything is looked up. */
export function parseApiKey(presented: string): { keyId: string } | undefined {
  const keyId = keyPattern.exec(presented)?.[1];
  if (keyId === undefined) return undefined;
  const body = presented.slice(0, -checksumLength);
  return presented.slice(-checksumLength) === checksum(body) ? { keyId } : undefined;
}

export const isApiKeyId = (text: string): boolean => keyIdPattern.test(text);

/** Six characters hold the 32 bits: 62 to the sixth is 5.7e10. It is against typos and guards nothing. */
function checksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let place = 0; place < checksumLength; place += 1) {
    text = base62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
