import * as z from '../../shared/contract/zod.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { createProgress } from './progress.ts';
import { type Send, seed } from './seed.ts';

export const sampleUsers = 1000;
const merchants = 50;
const days = 30;
const secondsPerHour = 3600;

/**
 * The sample data of `tenant1`, through the same routes as everybody's. A folder that has it gets a row per entity as of
 * now when the newest is over an hour old, so that nothing of it is ever out of its TTL.
 */
export async function seedDevelopmentTenant(app: FunctionApp): Promise<void> {
  const send = sendTo(app);
  const ageSeconds = await ageOfSample(send);
  if (ageSeconds !== undefined && ageSeconds < secondsPerHour) return;
  const progress = createProgress(ageSeconds === undefined ? 'Writing sample data' : "Writing today's sample data");
  const scope = { users: sampleUsers, merchants, days: ageSeconds === undefined ? days : 1, cacheUsers: 0 };
  await seed(send, { ...scope, now: new Date(), onProgress: progress.update });
  progress.stop();
}

/** Sends as `tenant1`, within this process. */
export function sendTo(app: FunctionApp): Send {
  return async (path, body) => {
    const response = await app.hono.request(path, {
      headers: { 'content-type': 'application/json', 'x-api-key': 'tenant1_key' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
}

const ageSchema = z.object({
  metadata: z.object({ 'merchant_risk@1:chargeback_rate': z.object({ age_seconds: z.nullable(z.number()) }) }),
});

/** Of the row that is written last; undefined where it is not there. */
async function ageOfSample(send: Send): Promise<number | undefined> {
  const { status, text } = await send('/api/v1/features/online', {
    entity_id: `merchant_${merchants}`,
    feature_names: ['merchant_risk@1:chargeback_rate'],
  });
  if (status !== 200) return undefined;
  const answer: unknown = JSON.parse(text);
  return ageSchema.parse(answer).metadata['merchant_risk@1:chargeback_rate'].age_seconds ?? undefined;
}
