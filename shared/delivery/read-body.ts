import { gunzipSync } from 'node:zlib';

/** Why a record is not taken: a value, since bad records are ordinary. */
export interface Refusal {
  readonly reason: string;
  readonly detail: string;
}

export const isRefusal = (read: { body: unknown } | Refusal): read is Refusal => 'reason' in read;

/** Bytes that a compressed record may have: a record of 1 MiB could be 1 GiB of zeros. */
const mostBytes = 16 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON of a record: as it is, compressed by gzip, encoded as base64, or both of these in either order. */
export function readBody(data: Uint8Array): { body: unknown } | Refusal {
  let bytes: Uint8Array = data;
  // Each may come once.
  for (let layer = 0; layer < 3; layer++) {
    if (bytes.length === 0) return { reason: 'empty_record', detail: 'the record has no bytes' };
    if (isGzip(bytes)) {
      const unzipped = gunzip(bytes);
      if ('reason' in unzipped) return unzipped;
      bytes = unzipped;
      continue;
    }
    const text = decodeText(bytes);
    if (text === undefined) return { reason: 'not_utf8', detail: 'the record is neither UTF-8 nor gzip' };
    const encoded = base64Of(text);
    if (encoded === undefined) return parseJson(text);
    bytes = encoded;
  }
  return { reason: 'not_json', detail: 'the record is encoded over and over' };
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function gunzip(bytes: Uint8Array): Uint8Array | Refusal {
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      return { reason: 'too_large', detail: `the record has over ${mostBytes} bytes when it is decompressed` };
    }
    return { reason: 'not_gzip', detail: `the record begins as gzip does and is none (${code})` };
  }
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    // Leaves a byte order mark out.
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** An object of JSON begins with a brace, which is no letter of base64. */
function base64Of(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (trimmed.length < 4 || trimmed.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(trimmed)) return undefined;
  // Words of JSON, and numbers, are letters of base64 as well.
  return /^(?:true|null|\d+)$/.test(trimmed) ? undefined : Buffer.from(trimmed, 'base64');
}

function parseJson(text: string): { body: unknown } | Refusal {
  try {
    return { body: JSON.parse(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unreadable';
    return { reason: 'not_json', detail: `the record is no JSON: ${message.slice(0, 200).toWellFormed()}` };
  }
}
