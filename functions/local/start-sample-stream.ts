import * as z from '../../shared/contract/zod.ts';
import type { PublishEvents } from '../../shared/delivery/index.ts';
import type { Logger } from '../../shared/platform/logger.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { developmentTenants } from './development-tenants.ts';
import { repeat } from './repeat.ts';
import { liveTransactions, liveUser, type WriteTransactions, writeHistory } from './sample-events.ts';
import type { Send } from './seed.ts';
import { sampleUsers, sendTo } from './seed-development.ts';

export interface SampleStreamParts {
  readonly app: FunctionApp;
  /** What the route of events calls; the route itself would write a line of the log each second. */
  readonly publishEvents: PublishEvents;
  readonly logger: Logger;
}

/**
 * Transactions of the sample users of `tenant1`, three each second, through Kinesis as all events; before them a week of
 * history, where there is none. Answers how to stop it.
 */
export function startSampleStream({ app, publishEvents, logger }: SampleStreamParts): () => Promise<void> {
  const [tenant] = developmentTenants;
  const write: WriteTransactions = async (events) => {
    if (tenant !== undefined) await publishEvents(tenant, { source: 'transactions', events });
  };
  let hasHistory = false;
  const work = async (): Promise<void> => {
    if (!hasHistory && (await isWithoutHistory(sendTo(app)))) await writeHistory(write, sampleUsers, new Date());
    hasHistory = true;
    await write(liveTransactions(sampleUsers, Date.now()));
  };
  return repeat(logger, { name: 'sample stream', pauseMillis: 1000, firstPauseMillis: 0, work });
}

const countSchema = z.object({ features: z.object({ txn_count_1h: z.number() }) });

/** Of the last hour, that is: a folder that was not used for as long gets what it lacks. */
async function isWithoutHistory(send: Send): Promise<boolean> {
  const path = '/api/v1/features/online';
  const { status, text } = await send(path, { entity_id: liveUser, feature_names: ['txn_count_1h'] });
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text.slice(0, 500)}`);
  const answer: unknown = JSON.parse(text);
  return countSchema.parse(answer).features.txn_count_1h === 0;
}
