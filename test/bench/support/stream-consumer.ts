import { composeRegistries } from '../../../functions/composition/core.ts';
import { composeLocalDelivery } from '../../../functions/local/compose-delivery.ts';
import { developmentTenants } from '../../../functions/local/development-tenants.ts';
import { openLocalStores } from '../../../functions/local/stores.ts';
import { createKinesisHandler, type KinesisAnswer } from '../../../functions/stream/handle-kinesis.ts';
import type { DeadLetterStore } from '../../../shared/delivery/index.ts';
import { createReadOnline, type ReadOnline } from '../../../shared/online/index.ts';
import { httpAnswerLimit } from '../../../shared/platform/answer-limit.ts';
import { createSystemClock } from '../../../shared/platform/clock.ts';
import type { TenantContext } from '../../../shared/platform/context.ts';
import { ensureTables } from '../../../shared/platform/dynamodb-tables.ts';
import { readEnvironment } from '../../../shared/platform/environment.ts';
import { createLogger } from '../../../shared/platform/logger.ts';
import { createPrometheusTelemetry } from '../../../shared/platform/prometheus.ts';

export interface StreamConsumer {
  /** Throws where a record is to come again. */
  readonly deliver: (event: unknown) => Promise<void>;
  /** What the route of online reads calls. */
  readonly readOnline: ReadOnline;
  readonly tenant: TenantContext;
  readonly close: () => Promise<void>;
}

/** The handler that Lambda runs, in this process, over the stores of `env`, for the first development tenant. */
export async function openStreamConsumer(env: Readonly<Record<string, string>>): Promise<StreamConsumer> {
  const [tenant] = developmentTenants;
  if (tenant === undefined) throw new Error('there is no development tenant');
  const environment = readEnvironment({
    ...env,
    LOG_LEVEL: 'silent',
    // No stream is asked: what it would hand over is made here.
    AWS_ENDPOINT_URL_KINESIS: 'http://127.0.0.1:9',
    // What was not projected would have no cost.
    CACHE_TIMEOUT_MS: '10000',
  });
  const clock = createSystemClock();
  const telemetry = createPrometheusTelemetry({ clock });
  const logger = createLogger({ level: 'silent', buffered: false });
  const stores = await openLocalStores({ environment, clock, telemetry, logger, folder: undefined });
  await ensureTables(stores.dynamodb);
  const core = composeRegistries({ dynamodb: stores.dynamodb, cache: stores.cache, clock, logger });
  const deliver = composeLocalDelivery({
    ...{ environment, stores, core, clock, telemetry, logger, developmentTenants },
    envelopeSecret: 'the secret of a benchmark',
    deadLetters: refusing,
  });
  const handle: (event: unknown) => Promise<KinesisAnswer> = createKinesisHandler(deliver);
  return {
    deliver: async (event) => {
      const { batchItemFailures } = await handle(event);
      if (batchItemFailures.length > 0)
        throw new Error(`a batch failed from ${batchItemFailures[0]?.itemIdentifier} on`);
    },
    readOnline: createReadOnline({
      ...{ registries: core.registries, cache: stores.cache, database: stores.reader, clock, telemetry },
      answerLimit: httpAnswerLimit(environment.ANSWER_MAX_BYTES),
    }),
    tenant,
    close: () => stores.close(),
  };
}

/** Without a store of dead letters the process ends: what was not counted has no speed. */
const refusing: DeadLetterStore = {
  put: async (_key, text) => {
    process.stderr.write(`${text}\n`);
    process.exit(1);
  },
  get: async () => undefined,
  remove: async () => {},
  list: async function* () {},
};
