import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onCores } from '../bench/support/server-process.ts';
import { type Report, readReport } from './read-report.ts';

export interface ScriptRun {
  /** `ramp.yml` */
  readonly script: string;
  readonly url: string;
  readonly apiKey: string;
  /** What of the script is to be otherwise. */
  readonly overrides: object;
  readonly cores: string | undefined;
}

const artillery = fileURLToPath(new URL('bin/run', import.meta.resolve('artillery/package.json')));

/**
 * In MB: a thousand users' requests outlive a scavenge of the 16 MB that V8 takes at most, which then stops artillery for 20 to 45 ms once a
 * second and is measured as time of answers; of 2 MB it takes under 4 ms (P99 of ramp.yml 9 ms, else 20 to 60).
 */
const heap = ['--max-semi-space-size=2'];

/** Runs artillery to its end, which prints its checks. Throws where it ends otherwise than with checks that hold or do not. */
export async function runScript({ script, url, apiKey, overrides, cores }: ScriptRun): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'feature-store-load-'));
  const output = join(folder, 'report.json');
  const file = fileURLToPath(new URL(script, import.meta.url));
  const options = ['--target', url, '--overrides', JSON.stringify(overrides), '--output', output, '--quiet'];
  try {
    const [command, ...args] = onCores(cores, [process.execPath, ...heap, artillery, 'run', file, ...options]);
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      // It would tell its makers of each run.
      env: { ...process.env, ARTILLERY_DISABLE_TELEMETRY: '1', FEATURE_STORE_API_KEY: apiKey },
    });
    const [code] = await once(child, 'exit');
    if (code !== 0 && code !== 1) throw new Error(`artillery ended with ${code} in ${script}`);
    return { ...readReport(await readFile(output, 'utf8')), hasPassed: code === 0 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
