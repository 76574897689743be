import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type LocalProcess, startLocal } from './local-process.ts';
import { type Ended, runToEnd } from './short-process.ts';

let local: LocalProcess;
let folder: string;
beforeAll(async () => {
  local = await startLocal({}, { args: ['--memory', '--no-seed'] });
  folder = await mkdtemp(join(tmpdir(), 'feature-store-benchmark-'));
});
afterAll(async () => {
  await local?.stop();
  await rm(folder, { recursive: true, force: true });
});

const short = ['--latency-requests', '50', '--throughput-duration', '1'];

test('the benchmark prints latency, throughput and the cache hit rate, and writes them as JSON', async () => {
  const file = join(folder, 'figures.json');
  const { code, stdout, stderr } = await benchmark('--url', local.url, ...short, '--json', file);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/P50 +P99 +requests\/s +features\/s +cache hit rate/);
  expect(stdout).toMatch(/^latency: 1 x 10 features, 1 at once .* 100\.00 %$/m);
  expect(stdout).toMatch(/^throughput: 100 x 50 features, 16 at once .* 100\.00 %$/m);
  const { url, latency, throughput } = JSON.parse(await readFile(file, 'utf8'));
  expect(url).toBe(local.url);
  expect(latency).toMatchObject({ entities: 1, features: 10, cache_hit_rate: 1 });
  expect(latency.p99_ms).toBeGreaterThanOrEqual(latency.p50_ms);
  expect(throughput.features_per_s / throughput.requests_per_s).toBeCloseTo(5000, -1);
});

test('a second benchmark writes nothing', async () => {
  const { code, stdout } = await benchmark('--url', local.url, ...short);
  expect(code).toBe(0);
  expect(stdout).not.toContain('Wrote');
});

test('a server that is away, a key that is none and a wrong option end with 2 and say what they are', async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const mistakes: [options: string[], sentence: string][] = [
    [['--url', nowhere], `Nothing answers at ${nowhere} (ECONNREFUSED)`],
    [['--url', local.url, '--api-key', 'nobody'], `${local.url} does not know the API key`],
    [['--url', 'nonsense'], '--url is an address such as http://localhost:8000, not nonsense'],
    [['--latency-requests', '0'], '--latency-requests is a whole number from 1 on, not 0'],
    [['--fast'], "Unknown option '--fast'"],
  ];
  for (const [options, sentence] of mistakes) {
    const { code, stderr } = await benchmark(...options);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  }
});

test('help is printed and nothing is asked', async () => {
  const { code, stdout } = await benchmark('--help');
  expect(stdout).toContain('--latency-requests COUNT');
  expect(code).toBe(0);
});

function benchmark(...options: string[]): Promise<Ended> {
  return runToEnd(process.execPath, ['test/bench/benchmark.ts', ...options], {});
}
