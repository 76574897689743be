import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { contextWith, devWithKafka, functionsOf } from '../../infra/synthesize.ts';
import { type Assets, synthesizeAssets } from './synthesize-assets.ts';

let assets: Assets;

beforeAll(async () => {
  assets = await synthesizeAssets(contextWith(devWithKafka));
});
afterAll(() => assets.remove());

const read = (name: string, file: string): Buffer => readFileSync(join(assets.folderOf(name), file));

/** The files whose code is in the bundle, from the project's root. */
function sourcesOf(name: string): string[] {
  const { sources } = z
    .object({ sources: z.array(z.string()) })
    .parse(JSON.parse(read(name, 'index.mjs.map').toString()));
  return sources;
}

test('each function is one ES module that exports its handler; these are their sizes', () => {
  for (const { name } of functionsOf(assets)) {
    const code = read(name, 'index.mjs');
    expect(code.toString(), name).toMatch(/export\s*\{[^}]* as handler\b/);
    expect(
      readdirSync(assets.folderOf(name)).filter((file) => /\.[cm]?js$/.test(file) && file !== 'reference.js'),
    ).toEqual(['index.mjs']);
    process.stdout.write(`${name}: ${code.length} bytes, ${gzipSync(code).length} packed\n`);
  }
});

test('online has nothing beside its module, which is under 1 MB', () => {
  expect(readdirSync(assets.folderOf('online')).sort()).toEqual(['index.mjs', 'index.mjs.map']);
  expect(read('online', 'index.mjs').length).toBeLessThan(1_000_000);
});

test.each([
  ['OpenAPI and the docs', /zod-openapi|@scalar|zod\/v4\/core\/(to-)?json-schema/],
  ['the classic build of Zod', /zod\/v4\/classic\//],
  ['the CDK', /aws-cdk|constructs\//],
  ['the SDK of AWS', /@aws-sdk\//],
  ['embedded stores and brokers', /pglite|dynalite|kinesis-local|@platformatic|s3rver/],
  [
    'what writes, registers, delivers and maintains',
    /shared\/(ingestion|stream|delivery|training|backfill|maintenance|statistics|migrations)\//,
  ],
  [
    'schemas of other functions',
    /shared\/contract\/(ingest|events|tenancy|feature-|features|training|statistics|stream-|routes|definitions|pages|given-times|reserved-names)/,
  ],
  [
    'what scrapes, and the server of a laptop',
    /prom-client|@hono\/node-server|functions\/(local|registry|ingest|jobs)/,
  ],
])('online is without %s', (_, unwanted) => {
  const sources = sourcesOf('online');
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.filter((file) => unwanted.test(file))).toEqual([]);
});

test('the maps name the files of the project, and no folder of the machine that made them', () => {
  for (const { name } of functionsOf(assets)) {
    const elsewhere = sourcesOf(name).filter((file) => !/^\.\.\/\.\.\/(functions|shared|node_modules)\//.test(file));
    expect(elsewhere, name).toEqual([]);
  }
});
