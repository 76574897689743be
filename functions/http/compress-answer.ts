import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { HttpAnswer } from './http-answer.ts';

/** The answers that services wait for are below: 100 entities of 50 features have 94 KB. ADR 22 has the figures. */
const leastCharacters = 256 * 1024;

/** At their lowest levels: what higher ones make is an eighth smaller at most, and they take up to 2.5 times as long. */
const encoders = {
  br: (bytes: Buffer) => promisify(brotliCompress)(bytes, { params: fastBrotli }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: 1 }),
} as const;

const fastBrotli = { [constants.BROTLI_PARAM_QUALITY]: 1 };

type Encoding = keyof typeof encoders;

/** Whether it is compressed for a client that takes that. */
export function isWorthCompressing({ text }: HttpAnswer): boolean {
  return text !== undefined && text.length >= leastCharacters;
}

/** On a thread of its own: other requests go on. */
export async function compressAnswer(answer: HttpAnswer, acceptEncoding: string | undefined): Promise<HttpAnswer> {
  const varied = { ...answer, headers: { ...answer.headers, vary: 'accept-encoding' } };
  const encoding = encodingOf(acceptEncoding);
  if (encoding === undefined) return varied;
  const plain = Buffer.from(answer.text ?? '');
  const bytes = await encoders[encoding](plain);
  // Lambda answers it as base64, a third longer: what fits into its answer as it is still does.
  if (bytes.length > plain.length * 0.7) return varied;
  return { ...varied, bytes, headers: { ...varied.headers, 'content-encoding': encoding } };
}

/** By `gzip, deflate, br;q=0.5`: which of ours the client names, and not with `q=0`. */
function encodingOf(acceptEncoding = ''): Encoding | undefined {
  const accepted = new Set(
    acceptEncoding
      .toLowerCase()
      .split(',')
      .map((each) => each.split(';').map((part) => part.trim()))
      .filter((parameters) => !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)))
      .map(([name]) => name),
  );
  if (accepted.has('br')) return 'br';
  return accepted.has('gzip') ? 'gzip' : undefined;
}
