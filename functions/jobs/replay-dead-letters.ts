import * as z from '../../shared/contract/zod.ts';
import { type ReplayReport, replayDeadLetters } from '../../shared/delivery/index.ts';
import { composeDelivery } from '../composition/delivery.ts';

/** Before Lambda's own end, for the letters under way. */
const reserveMillis = 60_000;

const requestSchema = z.strictObject({ prefix: z.optional(z.string()) });

const { deliver, deadLetters, flush } = await composeDelivery();

/** Invoked by people, `{"prefix": "2026-01-31/acme/"}` or without one: delivers dead letters again, and removes those that now count. */
export async function handler(event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<ReplayReport> {
  const { prefix } = requestSchema.parse(event ?? {});
  const deadlineMillis = Date.now() + context.getRemainingTimeInMillis() - reserveMillis;
  try {
    return await replayDeadLetters({ deliver, deadLetters }, { prefix, deadlineMillis });
  } finally {
    flush();
  }
}
