import { measureLatency } from './benchmark/measure-latency.ts';
import { parseBenchmarkOptions, usage } from './benchmark/options.ts';
import { type Measured, printTable } from './benchmark/print-table.ts';
import { writeJson } from './benchmark/write-json.ts';
import { type ApiClient, createApiClient } from './support/api-client.ts';
import { hitRate, readCacheCounts } from './support/cache-counts.ts';
import { runCommand } from './support/explained-error.ts';
import { type LoadResult, runLoad } from './support/load.ts';
import { namesOf, writeView } from './support/write-view.ts';

/** npm run benchmark: how fast a running feature store answers reads of what its cache has. */
const entities = 1000;
const shapes = {
  latency: { entities: 1, features: 10, connections: 1 },
  throughput: { entities: 100, features: 50, connections: 16 },
};

await runCommand(async () => {
  const options = parseBenchmarkOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(usage);
    return;
  }
  const client = createApiClient(options.url, options.apiKey);
  for (const shape of Object.values(shapes)) await prepare(client, shape.features);

  const latency = await withHitRate(client, 'latency', () =>
    measureLatency(client, anyBody(shapes.latency), options.latencyRequests),
  );
  const throughput = await withHitRate(client, 'throughput', () =>
    runLoad({
      ...{ url: client.url, path: '/api/v1/features/online', headers: client.headers },
      ...{ connections: shapes.throughput.connections, seconds: options.throughputSeconds },
      bodies: Array.from({ length: 200 }, anyBody(shapes.throughput)),
    }),
  );
  process.stdout.write(`${client.url}, entities at random among ${entities}\n\n`);
  printTable({ latency, throughput });
  if (latency.hitRate === undefined) {
    process.stdout.write('\nThe cache hit rate is that of /metrics, which this server does not show.\n');
  }
  if (options.jsonFile !== undefined) await writeJson(options.jsonFile, client.url, { latency, throughput });
});

async function prepare(client: ApiClient, features: number): Promise<void> {
  const name = `bench_${features}`;
  const view = { name, entityType: 'bench_entity', features: featuresOf(features), entities, prefix: 'bench_' };
  const written = await writeView(client, view);
  if (written > 0) process.stdout.write(`Wrote ${written} rows of ${name}\n`);
}

/** By `/metrics`, which counts for all who ask the server meanwhile. */
async function withHitRate(
  { url }: ApiClient,
  shape: keyof typeof shapes,
  measure: () => Promise<LoadResult>,
): Promise<Measured> {
  const before = await readCacheCounts(url);
  const { rps: requestsPerSecond, p50Millis, p99Millis } = await measure();
  const rate = hitRate(before, await readCacheCounts(url));
  return { ...shapes[shape], requestsPerSecond, p50Millis, p99Millis, hitRate: rate };
}

/** Makes the body of one request after the other. */
function anyBody({ entities: many, features }: { entities: number; features: number }): () => string {
  const feature_names = featuresOf(features);
  const anyEntity = (): string => `bench_${Math.floor(Math.random() * entities)}`;
  return () =>
    JSON.stringify(
      many === 1
        ? { entity_id: anyEntity(), feature_names }
        : { entity_ids: Array.from({ length: many }, anyEntity), feature_names },
    );
}

function featuresOf(count: number): string[] {
  return namesOf(`bench_${count}_f`, count);
}
