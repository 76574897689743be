import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestTenant } from '../../support/feature-store.ts';
import { type Fate, startCuttingProxy } from '../cutting-proxy.ts';
import type { Attempts } from './consume.ts';
import { type PostgresFault, startFaultyPostgres } from './faulty-postgres.ts';
import type { Consumer, ReplayWorld } from './replay-world.ts';

export interface FaultyConsumer {
  readonly consumer: Consumer;
  /** From its third batch on each batch meets another fault, and no further one when it is tried again. */
  readonly attempts: Attempts;
  /** Every fault that it was to meet, and whether it met it. */
  met(): ReadonlyMap<string, boolean>;
  close(): Promise<void>;
}

type Fault = PostgresFault | { readonly phase: 'writing to the cache'; readonly befalls: Fate };

/** Of a batch that sets no other writer back, after which the statements of its trip are known. */
const batchesBefore = 2;

/** A process that handles records over connections that break, at every statement of its trip and while it writes to the cache. */
export async function startFaultyConsumer(world: ReplayWorld, tenant: TestTenant): Promise<FaultyConsumer> {
  const { stores, store } = world;
  const postgres = await startFaultyPostgres(stores.postgres.port, async (clientPort) => {
    await store.databases.admin.rows({
      name: 'terminate_backend',
      text: 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = $1',
      values: [clientPort],
    });
  });
  let armedWrite: Fate | undefined;
  const redis = await startCuttingProxy(stores.redis.port, (bytes) => {
    if (armedWrite === undefined || !/evalsha/i.test(bytes.toString('latin1'))) return 'pass';
    const fate = armedWrite;
    armedWrite = undefined;
    return fate;
  });
  const consumer = await world.consumer(tenant, { postgres: postgres.port, redis: redis.port });

  const met = new Map<string, boolean>();
  let faults: Fault[] | undefined;
  let armed: Fault | undefined;
  let armedFor = -1;
  let turn = 0;
  const hasCome = (): boolean =>
    armed?.phase === 'writing to the cache' ? armedWrite === undefined : postgres.hasCome();

  return {
    consumer,
    attempts: {
      before: (done) => {
        if (done < batchesBefore || done === armedFor) return;
        faults ??= faultsOf(postgres.seen());
        armedFor = done;
        armed = faults[turn++ % faults.length];
        if (armed?.phase === 'writing to the cache') armedWrite = armed.befalls;
        else postgres.arm(armed);
      },
      after: async (isFailed) => {
        if (armed === undefined) return;
        // What is not waited for, such as the deletion of a mark, comes behind the answer.
        for (let waits = 0; waits < 20 && armed.phase === 'after the commit' && !hasCome(); waits++) await delay(5);
        const came = hasCome();
        const name = nameOf(armed);
        // What was not committed, for all that the process knows, comes again; what was is right without the cache too.
        if (came) expect([name, isFailed]).toEqual([name, armed.phase === 'in the transaction']);
        met.set(name, came || (met.get(name) ?? false));
        [armed, armedWrite] = [undefined, undefined];
        postgres.arm(undefined);
      },
    },
    met: () => met,
    close: async () => {
      await consumer.close();
      await Promise.all([postgres.stop(), redis.stop()]);
    },
  };
}

function faultsOf({ inTransaction, afterCommit }: { inTransaction: number; afterCommit: number }): Fault[] {
  const faults: Fault[] = [];
  for (const befalls of ['cut before', 'cut answer', 'backend terminated'] as const) {
    for (let statement = 0; statement < inTransaction - 1; statement++) {
      faults.push({ phase: 'in the transaction', statement, befalls });
    }
    faults.push({ phase: 'in the transaction', statement: 'COMMIT', befalls });
    for (let statement = 0; statement < afterCommit; statement++) {
      faults.push({ phase: 'after the commit', statement, befalls });
    }
  }
  for (const befalls of ['cut before', 'cut half', 'cut answer'] as const) {
    faults.push({ phase: 'writing to the cache', befalls });
  }
  return faults;
}

function nameOf(fault: Fault): string {
  const where = 'statement' in fault ? `${fault.phase}, statement ${fault.statement}` : fault.phase;
  return `${where}: ${String(fault.befalls)}`;
}
