import { createHash, createHmac } from 'node:crypto';

export interface SignedRequest {
  readonly method: string;
  /** Without a query. */
  readonly path: string;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The `authorization` that AWS would ask of a request with these signed headers, as Signature Version 4 is written down. */
export function naiveAuthorization(
  { method, path, headers, body }: SignedRequest,
  signedHeaders: readonly string[],
  scope: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly region: string;
    readonly service: string;
  },
): string {
  const names = signedHeaders.toSorted();
  const lines = names.map((name) => `${name}:${headers[name]?.trim()}\n`).join('');
  const canonical = [method, path, '', lines, names.join(';'), sha256(body)].join('\n');
  const time = headers['x-amz-date'] ?? '';
  const parts = [time.slice(0, 8), scope.region, scope.service, 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', time, parts.join('/'), sha256(canonical)].join('\n');
  const key = parts.reduce<string | Buffer>(hmac, `AWS4${scope.secretAccessKey}`);
  return (
    `AWS4-HMAC-SHA256 Credential=${scope.accessKeyId}/${parts.join('/')}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${hmac(key, toSign).toString('hex')}`
  );
}
