import { randomBytes } from 'node:crypto';

/** Text of an alphabet of up to 256 characters, each equally likely: bytes that would favour some are thrown away. */
export function randomText(alphabet: string, length: number): string {
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length)) {
      if (byte < limit) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}
