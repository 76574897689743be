import { createHmac, timingSafeEqual } from 'node:crypto';

/** What our own ingestion writes to a stream: text that says whose it is, and that we wrote it. */
export interface SignedEnvelope {
  readonly payload: string;
  readonly signature: string;
}

export function signEnvelope(payload: string, secret: string): SignedEnvelope {
  return { payload, signature: hmacOf(payload, secret).toString('base64url') };
}

/** Compares without telling by its time how much of a forged signature is right. */
export function isSigned({ payload, signature }: SignedEnvelope, secret: string): boolean {
  const given = Buffer.from(signature, 'base64url');
  const expected = hmacOf(payload, secret);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** An object of these two texts and nothing else. */
export function envelopeOf(body: unknown): SignedEnvelope | undefined {
  if (typeof body !== 'object' || body === null || Object.keys(body).length !== 2) return undefined;
  if (!('payload' in body && 'signature' in body)) return undefined;
  const { payload, signature } = body;
  return typeof payload === 'string' && typeof signature === 'string' ? { payload, signature } : undefined;
}

function hmacOf(payload: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(payload).digest();
}
