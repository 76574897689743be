import type { SideAnswer } from './online-cache.ts';

/** What a command for the epoch was answered. */
export function epochOf(answer: SideAnswer | undefined): number | null {
  return typeof answer === 'number' ? answer : null;
}
