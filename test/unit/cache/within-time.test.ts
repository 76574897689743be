import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { withinTime } from '../../../shared/cache/within-time.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';

/** Nothing else runs meanwhile. */
function beBusy(millis: number): void {
  const until = performance.now() + millis;
  while (performance.now() < until);
}

/** Keeps each turn of the event loop busy with what a socket brings, until the test is over. */
async function keepBusy(): Promise<void> {
  const throwBack = (socket: Socket): void => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      beBusy(60);
      socket.write(data);
    });
  };
  const server = createServer(throwBack).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(client, 'connect');
  throwBack(client);
  client.write('.');
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
}

test('an answer in time is the outcome, and a failure is one of the cache', async () => {
  expect(await withinTime(delay(1, 'answered'), 5000)).toBe('answered');
  await expect(withinTime(Promise.reject(new Error('broken')), 5000)).rejects.toThrow(UnavailableError);
});

test('no answer in time is a failure of the cache', async () => {
  await expect(withinTime(new Promise(() => {}), 20)).rejects.toThrow(UnavailableError);
});

test('an answer that came while the process was busy or frozen is the outcome', async () => {
  const answer = Promise.withResolvers<string>();
  const outcome = withinTime(answer.promise, 50);
  beBusy(200);
  // What reading the sockets gives, before what setImmediate runs.
  queueMicrotask(() => process.nextTick(() => answer.resolve('answered')));
  expect(await outcome).toBe('answered');
});

test('a process that stays busy waits on for an answer', async () => {
  await keepBusy();
  expect(await withinTime(delay(600, 'answered'), 100)).toBe('answered');
});

test('and gives up after ten times as long', async () => {
  await keepBusy();
  const began = performance.now();
  await expect(withinTime(new Promise(() => {}), 50)).rejects.toThrow(UnavailableError);
  expect(performance.now() - began).toBeGreaterThan(400);
});
