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

/** Runs artillery to its end, which prints its checks. Throws where it ends otherwise than with checks that hold or do not. */
export async function runScript({ script, url, apiKey, overrides, cores }: ScriptRun): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'feature-store-load-'));
  const output = join(folder, 'report.json');
  const file = fileURLToPath(new URL(script, import.meta.url));
  const options = ['--target', url, '--overrides', JSON.stringify(overrides), '--output', output, '--quiet'];
  try {
    const [command, ...args] = onCores(cores, [process.execPath, artillery, 'run', file, ...options]);
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
