import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether it is the operator's own key. The digests have one length, so the time says nothing about either key. */
export function isPlatformKey(presented: string | undefined, platformKey: string | undefined): boolean {
  if (presented === undefined || platformKey === undefined || platformKey === '') return false;
  return timingSafeEqual(digest(presented), digest(platformKey));
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
