import { createApiClient } from '../bench/support/api-client.ts';
import { namesOf } from '../bench/support/write-view.ts';
import { anyEntity, hotEntity, loadService, loadView } from './data.ts';
import { createCacheReport } from './report-cache.ts';

/** What artillery gives a hook of a request that is to be sent. */
interface RequestParams {
  body?: string;
}

interface UserContext {
  readonly vars: Readonly<Record<string, unknown>>;
}

interface Metrics {
  emit(kind: 'counter', name: string, value: number): boolean;
}

const feature_names = loadView.features;
let reporting: (() => Promise<void>) | undefined;

/** A user comes: from the first on, what the server's metrics count is counted for the script. */
export async function enter({ vars }: UserContext, metrics: Metrics): Promise<void> {
  reporting ??= createCacheReport(String(vars.target), (name, value) => metrics.emit('counter', name, value));
}

/** A user goes, once what was counted is reported. */
export async function leave(): Promise<void> {
  await reporting?.();
}

/** Before the first user: drops all entities from the cache, fifty at once. */
export async function emptyCache({ vars }: UserContext): Promise<void> {
  const client = createApiClient(String(vars.target), process.env.FEATURE_STORE_API_KEY ?? '');
  const ids = namesOf(loadView.prefix, loadView.entities).values();
  const drop = async (): Promise<void> => {
    for (const id of ids) {
      await client.send('DELETE', `/api/v1/cache/invalidate/${id}?entity_type=${loadView.entityType}`);
    }
  };
  await Promise.all(Array.from({ length: 50 }, drop));
}

export async function readHot(request: RequestParams): Promise<void> {
  request.body = JSON.stringify({ entity_id: hotEntity, feature_names });
}

export async function readOne(request: RequestParams): Promise<void> {
  request.body = JSON.stringify({ entity_id: anyEntity(), feature_names });
}

export async function readService(request: RequestParams): Promise<void> {
  request.body = JSON.stringify({ entity_id: anyEntity(), feature_service: loadService.name });
}

export async function readMany(request: RequestParams): Promise<void> {
  request.body = JSON.stringify({ entity_ids: some(20), feature_names });
}

export async function readAsOf(request: RequestParams): Promise<void> {
  const timestamp = new Date(Date.now() - 3_600_000).toISOString();
  request.body = JSON.stringify({ entity_ids: some(10), feature_names, timestamp });
}

export async function write(request: RequestParams): Promise<void> {
  const event_time = new Date().toISOString();
  const values = Object.fromEntries(feature_names.map((name) => [name, Math.round(Math.random() * 1e6) / 100]));
  const rows = some(5).map((entity_id) => ({ entity_id, event_time, values }));
  request.body = JSON.stringify({ view: loadView.name, rows });
}

function some(count: number): string[] {
  return Array.from({ length: count }, anyEntity);
}
