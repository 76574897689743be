import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, start, type World } from '../semantics/semantics-setup.ts';
import { type RandomRow, requestRows } from './random-rows.ts';
import { everyFeature, expectAgreement, refresh } from './statistics-setup.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ cache: 'memory' });
});
afterAll(() => world.store.close());

const initial = everyFeature.slice(0, 9);

test('statistics agree with a scan over all rows: late ones, corrections, redeliveries, and of features that were added', async () => {
  const property = fc.asyncProperty(fc.tuple(requestRows, requestRows, requestRows), async ([first, second, third]) => {
    const { store, view: register, clock } = world;
    const view = await register(initial);
    const stored: RandomRow[] = [];
    const write = async (rows: readonly RandomRow[], features: typeof everyFeature): Promise<void> => {
      const sent = rows.map(({ entityId, eventMicros, values }) => {
        const had = Object.fromEntries(features.map(({ name }) => [name, values[name] ?? null]));
        return { entityId, eventMicros, values: had };
      });
      await world.write(
        view,
        sent.map(({ entityId, eventMicros, values }) => [entityId, eventMicros, values]),
      );
      stored.push(...sent);
    };

    // Before all that arrives by the clock: a row of the same arrival would be a redelivery.
    clock.arriveAt(start - 1);
    await write(first, initial);
    await refresh(store, view);
    await expectAgreement(store, view, stored);

    // Late ones, and corrections of event times that are there.
    const corrected = first.slice(0, 5).map((row, index) => ({ ...row, values: second[index]?.values ?? {} }));
    await write(second, initial);
    await write(corrected, initial);
    // Once more with the same arrival: no new rows.
    clock.arriveAt(start - 1);
    await write(first, initial);
    stored.splice(-first.length);
    await refresh(store, view);
    await refresh(store, view);
    await expectAgreement(store, view, stored);

    const more = { name: view, entity_type: 'user', features: everyFeature, retention_days: 0 };
    expect((await store.post('/api/v1/feature-views', more)).status).toBe(201);
    await refresh(store, view);
    await expectAgreement(store, view, stored);
    await write(third, everyFeature);
    await refresh(store, view);
    await expectAgreement(store, view, stored);
  });
  await fc.assert(property, { numRuns: 12, endOnFailure: true });
}, 300_000);
