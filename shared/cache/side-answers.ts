import type { SideAnswer } from './online-cache.ts';
import type { LimitAnswer } from './take-from-buckets.ts';

/** What a command for the epoch was answered. */
export function epochOf(answer: SideAnswer | undefined): number | null {
  return typeof answer === 'number' ? answer : null;
}

/** What a command of a limit was answered. */
export function limitOf(answer: SideAnswer | undefined): LimitAnswer | null {
  return typeof answer === 'object' ? answer : null;
}
