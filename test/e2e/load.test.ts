import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalProcess, startLocal } from './local-process.ts';
import { type Ended, runToEnd } from './short-process.ts';

let local: LocalProcess;
beforeAll(async () => {
  local = await startLocal({}, { args: ['--memory', '--no-seed'] });
});
afterAll(() => local?.stop());

test('each load script works, and thresholds that can be met let the command succeed', async () => {
  const { code, stdout, stderr } = await load('--url', local.url, '--short', '--p99', '100000');
  expect(code, stdout + stderr).toBe(0);
  for (const script of ['ramp.yml', 'cold-cache.yml', 'stampede.yml']) {
    expect(stdout).toMatch(new RegExp(`^${script} +10 +[\\d,]+ .* 0\\.000 % .* hold$`, 'm'));
  }
});

test('a threshold that cannot be met fails the command', async () => {
  const { code, stdout } = await load('--url', local.url, '--short', '--p99', '0');
  expect(stdout).toContain('fail: http.response_time.p99 < 0');
  expect(code).toBe(1);
});

test('a mistake ends the load with 2 and says what it is, before anything is started', async () => {
  const unknown = await load('--users', '7');
  expect(unknown.stderr).toContain("Unknown option '--users'");
  expect(unknown.stderr).toContain('npm run load -- [options]');
  expect(unknown.code).toBe(2);
  const wrongKey = await load('--url', local.url, '--api-key', 'nobody');
  expect(wrongKey.stderr).toBe(`${local.url} does not know the API key: give one by --api-key.\n`);
  expect(wrongKey.code).toBe(2);
});

function load(...options: string[]): Promise<Ended> {
  return runToEnd(process.execPath, ['test/load/run.ts', ...options], {}, 150_000);
}
