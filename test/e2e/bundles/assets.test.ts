import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { contextWith, devWithKafka, functionsOf } from '../../infra/synthesize.ts';
import { gatewayEvent } from '../../support/gateway-event.ts';
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
    const elsewhere = sourcesOf(name).filter(
      (file) => !/^(builtin|package-as-text):|^\.\.\/\.\.\/(functions|shared|node_modules)\//.test(file),
    );
    expect(elsewhere, name).toEqual([]);
  }
});

test('the first answer of online loads none of fetch, which is half of what a bare handler takes to start', () => {
  const script = `
    const { handler } = await import(process.argv[1]);
    const { statusCode } = await handler(JSON.parse(process.argv[2]), {});
    process.stderr.write(JSON.stringify({ statusCode, loaded: process.moduleLoadList.filter((name) => /undici/.test(name)) }));
    process.exit();`;
  const event = gatewayEvent({ method: 'POST', path: '/api/v1/features/online', body: {} });
  const { stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script, join(assets.folderOf('online'), 'index.mjs'), JSON.stringify(event)],
    { env: nowhere, encoding: 'utf8' },
  );
  expect(JSON.parse(stderr)).toEqual({ statusCode: 401, loaded: [] });
});

/** Stores that a request without a key does not ask. */
const nowhere = {
  POSTGRES_URL: 'postgres://127.0.0.1:1/none',
  REDIS_URL: 'redis://127.0.0.1:1',
  API_KEY_SECRET: 'a pepper of the tests, long enough',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};
