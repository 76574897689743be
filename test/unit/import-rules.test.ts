import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';

const CONFIG = resolve('.dependency-cruiser.cjs');
const CRUISER = resolve('node_modules/.bin/depcruise');

/** Each breaks one rule and no other: the file, what it imports, the rule that has to be named. */
const PLANTED = [
  ['infra/stack.ts', '../functions/jobs/maintain.ts', 'infra-alone'],
  ['functions/jobs/ask-infra.ts', '../../infra/names.ts', 'functions-use-shared'],
  ['functions/jobs/ask-test.ts', '../../test/support/fake.ts', 'functions-use-shared'],
  ['functions/jobs/ask-ingest.ts', '../ingest/app.ts', 'functions-apart'],
  ['functions/all.ts', './ingest/app.ts', 'functions-composed-in-local'],
  ['functions/jobs/ask-cache.ts', '../../shared/cache/keys.ts', 'capability-by-index-from-outside'],
  ['functions/online/document.ts', 'zod-openapi', 'online-stays-small'],
  ['functions/online/far.ts', '../http/document.ts', 'online-stays-small'],
  ['clients/typescript/client.ts', '../../shared/cache/index.ts', 'clients-use-contract'],
  ['shared/cache/ask-infra.ts', '../../infra/names.ts', 'shared-is-the-domain'],
  ['shared/cache/serve.ts', 'hono', 'shared-without-frameworks'],
  ['shared/cache/event.ts', 'aws-lambda', 'shared-without-frameworks'],
  ['shared/utils/index.ts', '../platform/clock.ts', 'shared-known-capabilities'],
  ['shared/contract/ask.ts', '../platform/clock.ts', 'shared-contract'],
  ['shared/aggregation/ask.ts', '../platform/clock.ts', 'shared-aggregation'],
  ['shared/platform/ask.ts', '../cache/index.ts', 'shared-platform'],
  ['shared/cache/ask-tenancy.ts', '../tenancy/index.ts', 'shared-cache'],
  ['shared/tenancy/ask.ts', '../cache/index.ts', 'shared-tenancy'],
  ['shared/filters/ask.ts', '../registry/index.ts', 'shared-filters'],
  ['shared/registry/ask.ts', '../values/index.ts', 'shared-registry'],
  ['shared/values/ask.ts', '../cache/index.ts', 'shared-values'],
  ['shared/events/ask.ts', '../training/index.ts', 'shared-events'],
  ['shared/statistics/ask.ts', '../training/index.ts', 'shared-statistics'],
  ['shared/online/ask.ts', '../training/index.ts', 'shared-online'],
  ['shared/training/ask.ts', '../online/index.ts', 'shared-training'],
  ['shared/ingestion/ask.ts', '../stream/index.ts', 'shared-ingestion'],
  ['shared/stream/ask.ts', '../online/index.ts', 'shared-stream'],
  ['shared/online/ask-keys.ts', '../cache/keys.ts', 'capability-by-index'],
  ['shared/values/lost.ts', './not-there.ts', 'no-unresolved'],
] as const;

/** What the planted files reach for. None of these imports breaks a rule. */
const SOUND: Record<string, string> = {
  'functions/local.ts': "import './ingest/app.ts';\nimport './http/document.ts';",
  'functions/ingest/app.ts': "import '../../shared/cache/index.ts';\nimport '../http/document.ts';",
  'functions/http/document.ts': "import 'zod-openapi';\nimport 'hono';",
  'functions/jobs/maintain.ts': "import '../../shared/platform/clock.ts';",
  'infra/names.ts': 'export {};',
  'test/support/fake.ts': "import '../../shared/cache/keys.ts';",
  'shared/contract/route.ts': 'export {};',
  'shared/platform/clock.ts': "import '../contract/route.ts';",
  'shared/aggregation/index.ts': 'export {};',
  'shared/cache/index.ts': "import './keys.ts';",
  'shared/cache/keys.ts': "import '../platform/clock.ts';",
  'shared/tenancy/index.ts': "import '../contract/route.ts';",
  'shared/registry/index.ts': "import '../aggregation/index.ts';",
  'shared/values/index.ts': "import '../registry/index.ts';",
  'shared/statistics/index.ts': "import '../values/index.ts';",
  'shared/online/index.ts': "import '../values/index.ts';\nimport '../cache/index.ts';\nimport '../tenancy/index.ts';",
  'shared/training/index.ts': "import '../values/index.ts';",
  'shared/ingestion/index.ts': "import '../values/index.ts';",
  'shared/stream/index.ts': "import '../ingestion/index.ts';",
  'node_modules/hono/index.js': '',
  'node_modules/hono/package.json': '{ "name": "hono", "main": "index.js" }',
  'node_modules/zod-openapi/index.js': '',
  'node_modules/zod-openapi/package.json': '{ "name": "zod-openapi", "main": "index.js" }',
  'package.json': '{ "dependencies": { "hono": "1.0.0", "zod-openapi": "1.0.0" } }',
};

test('a tree that keeps the rules passes', () => {
  const { violations, sources } = cruise(plant(SOUND));
  expect(violations).toEqual([]);
  expect(sources).toEqual(expect.arrayContaining(['functions/local.ts', 'shared/stream/index.ts']));
});

test.each([
  ['import', (target: string) => `import '${target}';`],
  ['type-only import', (target: string) => `import type { A } from '${target}';`],
  ['re-export', (target: string) => `export * from '${target}';`],
  ['dynamic import', (target: string) => `await import('${target}');`],
])('every rule is broken by: %s, and named', (_kind, write) => {
  const broken = PLANTED.map(([file, target]) => [file, write(target)] as const);
  const { violations } = cruise(plant({ ...SOUND, ...Object.fromEntries(broken) }));

  const expected = PLANTED.map(([file, , rule]) => `${rule}: ${file}`);
  expect(violations).toEqual([...expected].sort());
});

test('the command that the test run uses fails on a broken rule, and names it', () => {
  const folder = plant({ ...SOUND, 'shared/cache/serve.ts': "import 'hono';" });
  const { status, stdout } = spawnSync(CRUISER, ['.', '--config', CONFIG], { cwd: folder, encoding: 'utf8' });
  expect(status).not.toBe(0);
  expect(stdout).toContain('error shared-without-frameworks: shared/cache/serve.ts');
});

test('a circle is found, also one of types alone', () => {
  const circle = {
    'shared/cache/left.ts': "import type { Right } from './right.ts';",
    'shared/cache/right.ts': "import type { Left } from './left.ts';",
  };
  expect(cruise(plant({ ...SOUND, ...circle })).violations).toEqual(['no-circular: shared/cache/left.ts']);
});

test('every TypeScript file of this project is read', () => {
  const { sources } = cruise(process.cwd());
  const files = globSync('{infra,functions,shared,clients,test}/**/*.ts');
  expect(files.length).toBeGreaterThan(10);
  expect(sources).toEqual(expect.arrayContaining(files));
});

function plant(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'feature-store-imports-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

const cruiseResult = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })),
  }),
});

function cruise(folder: string): { violations: string[]; sources: string[] } {
  const args = ['.', '--config', CONFIG, '--output-type', 'json'];
  const { stdout } = spawnSync(CRUISER, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1e9 });
  const { modules, summary } = cruiseResult.parse(JSON.parse(stdout));
  const violations = summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`);
  return { violations: [...new Set(violations)].sort(), sources: modules.map(({ source }) => source) };
}
