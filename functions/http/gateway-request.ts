/** What is read of the event of an HTTP API, payload format 2.0. */
export interface GatewayEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  /** Names in lower case; a header that was sent twice is one, with a comma. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly requestContext: { readonly domainName: string; readonly http: { readonly method: string } };
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

/**
 * As much of a Request as Hono and our routes read: method, URL and headers; read-bytes.ts takes the body from the event. The
 * first Request of a process would load all of Node's fetch, half of what a bare handler takes to start (docs/adr/0020).
 *
 * Throws a TypeError where the gateway's URL is none.
 */
export function gatewayRequest({ rawPath, rawQueryString, headers = {}, requestContext }: GatewayEvent): Request {
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  const request: ReadOfRequest = {
    method: requestContext.http.method,
    url: new URL(`https://${requestContext.domainName}${rawPath}${query}`).href,
    headers: { get: (name) => headers[name.toLowerCase()] ?? null },
  };
  return request as Request;
}

interface ReadOfRequest extends Pick<Request, 'method' | 'url'> {
  readonly headers: Pick<Headers, 'get'>;
}
