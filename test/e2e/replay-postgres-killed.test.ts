import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from './local-process.ts';
import { byEntity, entitiesOf, entityTypes, sayOnline, sayOracle } from './replay/answers.ts';
import { consumeKinesis } from './replay/consume.ts';
import { kinesisBatches } from './replay/replay-batches.ts';
import { createChance, eventsOf, noon, withDuplicates } from './replay/replay-stream.ts';
import { type ReplayWorld, startReplayWorld, stream } from './replay/replay-world.ts';

const chance = createChance(20_260_301);
const events = eventsOf(10_000, chance);

let world: ReplayWorld;
beforeAll(async () => {
  world = await startReplayWorld();
});
afterAll(() => world?.stop());

test('batches are reported as failed while Postgres is killed and away, and nothing of them is lost once it is back', async () => {
  const tenant = await world.createTenant();
  const consumer = await world.consumer(tenant);
  const { postgres } = world.stores;
  const batches = kinesisBatches(stream, withDuplicates(events, 0.1, chance), chance);
  const killedAt = Math.floor(batches.length / 2);
  let killing: Promise<void> | undefined;
  const failures: number[] = [];
  let attempted = 0;
  let isBack = false;
  await consumeKinesis(consumer, batches, {
    before: async (done) => {
      attempted = done;
      // Twice: as the batch is being handled, and while there is no Postgres.
      if (done === killedAt && failures.length === 0) killing = killWhileFolding();
      if (failures.length === 2 && !isBack) {
        await postgres.start();
        isBack = true;
      }
    },
    after: async (isFailed) => {
      await killing;
      if (isFailed) failures.push(attempted);
    },
  });
  expect(failures.slice(0, 2)).toEqual([killedAt, killedAt]);
  expect(await consumer.deadLetters()).toBe(0);
  for (const entityType of entityTypes) {
    const grouped = byEntity(entityType, events);
    expect(await sayOnline(world.store, tenant, entityType)).toEqual(
      Object.fromEntries(entitiesOf(entityType).map((id) => [id, sayOracle(entityType, grouped.get(id) ?? [], noon)])),
    );
  }
  await consumer.close();
}, 120_000);

/** Ends Postgres as soon as a transaction is open that has written. */
async function killWhileFolding(): Promise<void> {
  const open = { name: 'open_transactions', text: 'SELECT FROM pg_stat_activity WHERE backend_xid IS NOT NULL' };
  await until('a transaction has written', 10_000, async () => {
    return (await world.store.databases.admin.rows(open)).length > 0;
  });
  await world.stores.postgres.kill();
}
