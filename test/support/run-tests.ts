import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import * as z from 'zod';

/** Everything that must hold before a test is worth running, quickest first. */
const CHECKS: [heading: string, command: string, ...args: string[]][] = [
  ['Redis', process.execPath, 'test/support/require-redis.ts'],
  ['Types', 'tsc', '--noEmit'],
  ['Lint and format', 'biome', 'check', '--error-on-warnings', '.'],
  ['Import rules', 'depcruise', '--config', '.dependency-cruiser.cjs', '.'],
  ['Unused code', 'knip'],
];

/** The Postgres that the integration suite runs on, each by a vitest project. */
const LANES = [
  { postgres: 'postgres', project: 'integration' },
  { postgres: 'pglite', project: 'integration-pglite' },
  { postgres: 'timescale', project: 'integration-timescale' },
];
const hasTimescale = Boolean(process.env.TEST_TIMESCALE_URL);
const kafkaBrokers = process.env.TEST_KAFKA_BROKERS;

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs the checks and then the tests, ends with `N passed, N failed`. A skipped test fails the run like a failed one. */
function main(projects: string[]): void {
  const outcome = CHECKS.every(holds) ? runTests(projects) : { passed: 0, failed: 1, skipped: 0 };
  const skipped = outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : '';
  process.stdout.write(`\n${outcome.passed} passed, ${outcome.failed} failed${skipped}\n`);
  process.exitCode = outcome.failed + outcome.skipped > 0 ? 1 : 0;
}

function holds([heading, command, ...args]: (typeof CHECKS)[number]): boolean {
  process.stdout.write(`\n== ${heading}\n`);
  return run(command, args) === 0;
}

function run(command: string, args: string[]): number | null {
  const path = [resolve('node_modules/.bin'), process.env.PATH].join(delimiter);
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: path },
  });
  if (error) process.stderr.write(`${command}: ${error.message}\n`);
  return status;
}

function runTests(projects: string[]): Outcome {
  process.stdout.write(`\n== Tests: ${projects.join(', ')}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'feature-store-tests-'));
  const file = join(folder, 'report.json');
  try {
    const chosen = projects.flatMap((project) => ['--project', project]);
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const status = run('vitest', ['run', ...chosen, ...reporters]);
    sayLanes(projects);
    sayKafka(projects);
    return readOutcome(file, status === 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Says on which Postgres the integration suite ran, and on which it did not. */
function sayLanes(projects: string[]): void {
  const { ran = [], other = [] } = Object.groupBy(LANES, ({ project }) =>
    projects.includes(project) ? 'ran' : 'other',
  );
  if (ran.length === 0) return;
  const namesOf = (lanes: typeof LANES) => lanes.map(({ postgres }) => postgres).join(', ');
  const rest = other.length === 0 ? '' : `; ${namesOf(other)} not run`;
  const hint = hasTimescale ? '' : ' (set TEST_TIMESCALE_URL to a TimescaleDB)';
  process.stdout.write(`\nIntegration lanes: ${namesOf(ran)}${rest}${hint}\n`);
}

/** Says whether consumers read from a real broker. Where no other integration test ran either, nobody asks. */
function sayKafka(projects: string[]): void {
  if (projects.includes('kafka')) process.stdout.write(`Kafka lane: ran with ${kafkaBrokers}\n`);
  else if (projects.includes('integration'))
    process.stdout.write('Kafka lane: not run (set TEST_KAFKA_BROKERS to the host:port of a Kafka)\n');
}

const report = z.object({
  numPassedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

function readOutcome(file: string, succeeded: boolean): Outcome {
  const { numPassedTests: passed, numPendingTests, numTodoTests, testResults } = report.parse(readJson(file));
  let failed = 0;
  for (const { status, assertionResults } of testResults) {
    const failures = assertionResults.filter((test) => test.status === 'failed').length;
    // A file that could not be loaded has no tests to count, and is a failure all the same.
    failed += status === 'failed' ? Math.max(failures, 1) : failures;
  }
  // Such as an error outside of any test, a global setup that threw, or no test at all.
  if (failed === 0 && (!succeeded || passed === 0)) failed = 1;
  return { passed, failed, skipped: numPendingTests + numTodoTests };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numPassedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  }
}

const lanes = LANES.filter(({ postgres }) => postgres !== 'timescale' || hasTimescale).map(({ project }) => project);
const kafka = kafkaBrokers ? ['kafka'] : [];
main(process.argv.length > 2 ? process.argv.slice(2) : ['unit', ...lanes, ...kafka, 'infra']);
