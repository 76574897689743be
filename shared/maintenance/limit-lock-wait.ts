import type { Queryable } from '../platform/database.ts';

/**
 * A lock that stops readers or writers of a table is had within 2 s or not at all, since whoever comes after waits behind
 * it; the next run tries again.
 */
export async function limitLockWait(transaction: Queryable): Promise<void> {
  await transaction.rows({ name: 'limit_lock_wait', text: `SELECT set_config('lock_timeout', '2s', true)` });
}
