import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../infra/bundling/bundle-module.ts';
import { commandsKept } from '../../infra/bundling/trim-ioredis.ts';

const known: object = JSON.parse(
  readFileSync(join(root, 'node_modules/@ioredis/commands/built/commands.json'), 'utf8'),
);
const built = join(root, 'node_modules/ioredis/built');
const sources = readdirSync(built, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.js'))
  .map((file) => readFileSync(join(built, file), 'utf8'));

/** Objects that ioredis calls commands on, and the ways in which it names one. */
const isCalled = (command: string): RegExp =>
  new RegExp(
    `\\b(this|redis|client|node|self|_this|connection|instance)\\.${command}\\(|Command_1\\.default\\("${command}"`,
  );

test('bundles keep every command that ioredis sends by itself', () => {
  const sent = Object.keys(known).filter((command) => sources.some((source) => isCalled(command).test(source)));
  expect(sent).toEqual(expect.arrayContaining(['info', 'cluster', 'hello', 'asking', 'subscribe']));
  expect(sent.filter((command) => !commandsKept.has(command))).toEqual([]);
});
