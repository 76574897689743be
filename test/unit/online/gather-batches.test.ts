import { setImmediate } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { createGatherBatches } from '../../../shared/online/gather-batches.ts';

interface Batch {
  readonly tenant: string;
  readonly items: readonly string[];
  readonly end: () => void;
}

let batches: Batch[];
let gather: ReturnType<typeof createGatherBatches<string>>;

beforeEach(() => {
  batches = [];
  gather = createGatherBatches((ctx, items) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    batches.push({ tenant: ctx.tenantName, items, end: resolve });
    return promise;
  });
});

const tenant = (name: string) => ({ tenantId: `t_${name}`, tenantName: name });
const a = tenant('a');
const begun = () => batches.map(({ items }) => items.join(''));
/** Long enough for whatever is to come by itself. */
const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
};

test('what comes in one turn of the event loop is one batch', async () => {
  gather(a, ['1', '2']);
  await Promise.resolve();
  gather(a, ['3']);
  await settle();
  expect(begun()).toEqual(['123']);
});

test('while two are under way the next waits for one of them, and grows', async () => {
  for (const item of ['1', '2', '3', '4']) {
    gather(a, [item]);
    await settle();
  }
  expect(begun()).toEqual(['1', '2']);
  batches[1]?.end();
  await settle();
  expect(begun()).toEqual(['1', '2', '34']);
  gather(a, ['5']);
  await settle();
  expect(begun()).toEqual(['1', '2', '34']);
  batches[0]?.end();
  await settle();
  expect(begun()).toEqual(['1', '2', '34', '5']);
});

test('all that was asked for is answered, whenever it comes', async () => {
  const asked = Array.from({ length: 500 }, (_, index) => `${index},`);
  for (const [index, item] of asked.entries()) {
    gather(a, [item]);
    if (index % 7 === 0) await setImmediate();
    if (index % 11 === 0) batches[Math.floor(index / 11) % Math.max(1, batches.length)]?.end();
  }
  for (let ended = 0; ended < batches.length; ended++) {
    batches[ended]?.end();
    await settle();
  }
  expect(batches.flatMap(({ items }) => items).sort()).toEqual(asked.sort());
});

test('what one request asks for stays together, and a batch has at most 64', async () => {
  const many = (name: string, length: number) => Array.from({ length }, () => name);
  for (const [name, length] of Object.entries({ a: 30, b: 30, c: 5, d: 60 })) gather(a, many(name, length));
  await settle();
  expect(batches.map(({ items }) => items.length)).toEqual([60]);
  batches[0]?.end();
  await settle();
  batches[1]?.end();
  await settle();
  expect(batches.map(({ items }) => items.length)).toEqual([60, 5, 60]);
});

test('a request that asks for more than 64 waits for nobody, and nobody for it', async () => {
  const large = Array.from({ length: 65 }, () => '.');
  gather(a, large);
  gather(a, large);
  expect(batches.map(({ items }) => items.length)).toEqual([65, 65]);
  gather(a, ['1']);
  await settle();
  expect(batches).toHaveLength(3);
});

test('tenants wait for themselves alone', async () => {
  for (const item of ['1', '2', '3']) {
    gather(a, [item]);
    await settle();
  }
  gather(tenant('b'), ['4']);
  await settle();
  expect(batches.map((batch) => batch.tenant)).toEqual(['a', 'a', 'b']);
});
