import { createApiClient } from '../bench/support/api-client.ts';
import { readCacheCounts } from '../bench/support/cache-counts.ts';
import { runCommand } from '../bench/support/explained-error.ts';
import { warmUp } from '../bench/support/warm-up.ts';
import { writeView } from '../bench/support/write-view.ts';
import { anyEntity, loadService, loadView } from './data.ts';
import { type LoadOptions, parseLoadOptions, usage } from './options.ts';
import { overridesFor } from './overrides.ts';
import { printSummary } from './print-summary.ts';
import type { Report } from './read-report.ts';
import { runScript } from './run-script.ts';
import { splitCores } from './split-cores.ts';
import { type LocalLoad, startStoresAndServer } from './start-stores-and-server.ts';

/** npm run load: artillery's scripts against a server, and whether their thresholds hold. */
const scripts = ['ramp.yml', 'cold-cache.yml', 'stampede.yml'];

await runCommand(async () => {
  const options = parseLoadOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(usage);
    return;
  }
  const cores = options.url === undefined ? splitCores() : undefined;
  const local = options.url === undefined ? await startStoresAndServer(cores?.server) : undefined;
  try {
    const url = options.url ?? local?.server.url ?? '';
    if (local !== undefined) sayCores(cores);
    const reports = await runScripts(url, options, cores?.artillery);
    const floor = local === undefined || options.isShort ? {} : await runFloor(local, options, cores?.artillery);
    process.stdout.write('\n');
    printSummary({ ...reports, ...floor });
    if (Object.values(reports).some(({ hasPassed }) => !hasPassed)) process.exitCode = 1;
  } finally {
    await local?.stop();
  }
});

async function runScripts(
  url: string,
  options: LoadOptions,
  cores: string | undefined,
): Promise<Record<string, Report>> {
  const client = createApiClient(url, options.apiKey);
  await writeView(client, loadView);
  await client.post('/api/v1/feature-services', loadService);
  const showsMetrics = (await readCacheCounts(url)) !== undefined;
  if (!showsMetrics) process.stdout.write(`${url}/metrics is not shown: the cache hit rate is not checked\n`);
  if (!options.isShort) await warmServer(url, '/api/v1/features/online', client.headers);
  const overrides = overridesFor(options, showsMetrics);
  const reports: Record<string, Report> = {};
  for (const script of scripts) {
    process.stdout.write(`\n== ${script}\n`);
    reports[script] = await runScript({ script, url, apiKey: options.apiKey, overrides, cores });
  }
  return reports;
}

/** What is left of a ramp's answer times without a feature store: artillery, Node, Redis. */
async function runFloor(
  local: LocalLoad,
  { apiKey }: LoadOptions,
  cores: string | undefined,
): Promise<Record<string, Report>> {
  process.stdout.write('\n== floor.yml, a bare handler on the same Redis\n');
  const floor = await local.startFloor();
  try {
    await warmServer(floor.url, '/one/load_profile_v1', {});
    return { floor: await runScript({ script: 'floor.yml', url: floor.url, apiKey, overrides: {}, cores }) };
  } finally {
    await floor.stop();
  }
}

/** What a new process takes to compile its path is not what its users wait for. */
async function warmServer(url: string, path: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const bodyOf = (): string => JSON.stringify({ entity_id: anyEntity(), feature_names: loadView.features });
  await warmUp({ url, path, headers, bodies: bodyOf, connections: 8 });
}

function sayCores(cores: ReturnType<typeof splitCores>): void {
  process.stdout.write(
    cores === undefined
      ? 'Nothing is held to a core (that takes taskset and two of them): answer times are also those of a shared core\n'
      : `The server is on core ${cores.server}, artillery on ${cores.artillery}, the stores anywhere\n`,
  );
}
