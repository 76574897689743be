import { formatMicros } from '../contract/time.ts';
import type { Clock } from '../platform/clock.ts';

/** Times of the registry have milliseconds, so that what is answered at once equals what is read back. */
export function registryTime(clock: Clock): string {
  return formatMicros(Math.floor(clock.nowMicros() / 1000) * 1000);
}
