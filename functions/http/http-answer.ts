/** What a handler answers: `json` is stringified, `text` goes out as it is. */
export interface HttpAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  /** The text as it is sent, where it is compressed. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with all its headers, as it goes out. */
export interface SentAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes where it is compressed. */
  readonly body: string | Uint8Array<ArrayBuffer> | null;
}

export function ok(json: unknown): HttpAnswer {
  return { status: 200, json };
}

/** 201 where something is new, else 200. */
export function registered(isCreated: boolean, json: unknown): HttpAnswer {
  return { status: isCreated ? 201 : 200, json };
}
