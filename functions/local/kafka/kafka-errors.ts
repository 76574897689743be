import { findErrorBy } from '@platformatic/kafka';

/** Whether no broker answers. */
export function isKafkaAway(error: unknown): boolean {
  return has(error, 'code', 'PLT_KFK_NETWORK') || has(error, 'code', 'PLT_KFK_TIMEOUT');
}

/** Whether the group is being divided anew, or has gone on without this member: what it says is about to change. */
export function isRebalance(error: unknown): boolean {
  return has(error, 'needsRejoin', true);
}

/** Errors of the client hold others, which say why. */
function has(error: unknown, member: string, value: unknown): boolean {
  return error instanceof Error && findErrorBy(error, member, value) !== null;
}
