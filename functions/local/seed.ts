import * as z from '../../shared/contract/zod.ts';
import { sampleRegistrations, sampleViews } from './sample-data.ts';

/** How requests reach a feature store: over the network, or straight into an app of this process. A GET without a body. */
export type Send = (path: string, body?: unknown) => Promise<{ status: number; text: string }>;

export interface SeedOptions {
  readonly users: number;
  readonly merchants: number;
  readonly days: number;
  /** The first users are read once, so that the cache has them. */
  readonly cacheUsers: number;
  readonly now: Date;
  readonly onProgress: (done: number, total: number) => void;
}

const rowsPerRequest = 2000;
const entitiesPerRead = 500;

/**
 * Registers the sample views where they are not, and writes a row per entity and day, the newest as of now. What is there
 * stays as it is: registered again, a view that somebody has given one more feature would get a next version without it.
 * Answers the number of rows, without those that are older than the view keeps.
 */
export async function seed(send: Send, options: SeedOptions): Promise<number> {
  for (const registration of sampleRegistrations) await registerOnce(send, registration);
  const total = Object.keys(sampleViews).reduce((rows, view) => rows + entitiesOf(view, options) * options.days, 0);
  let done = 0;
  let written = 0;
  for (const view of Object.keys(sampleViews)) {
    for (const rows of requestsOf(view, options)) {
      written += await write(send, view, rows);
      done += rows.length;
      options.onProgress(done, total);
    }
  }
  await warmCache(send, options);
  return written;
}

async function registerOnce(send: Send, { path, body, at }: (typeof sampleRegistrations)[number]): Promise<void> {
  const { status } = await send(at);
  if (status === 404) await expectOk(send, path, body);
}

const writtenSchema = z.object({ accepted: z.number(), rejected: z.array(z.object({ code: z.string() })) });

/** Answers how many rows were taken. The first version is the sample's own, whatever has been made of the view since. */
async function write(send: Send, view: string, rows: readonly unknown[]): Promise<number> {
  const path = '/api/v1/features/ingest';
  const { status, text } = await send(path, { view: `${view}@1`, rows });
  // 422 where none was taken.
  if (status !== 200 && status !== 422) throw refused(path, status, text);
  const answer: unknown = JSON.parse(text);
  const { accepted, rejected } = writtenSchema.parse(answer);
  if (rejected.some(({ code }) => code !== 'event_time_beyond_retention')) throw refused(path, status, text);
  return accepted;
}

function entitiesOf(view: string, { users, merchants }: SeedOptions): number {
  return view.startsWith('merchant') ? merchants : users;
}

function* requestsOf(view: string, options: SeedOptions): Generator<unknown[]> {
  const sample = sampleViews[view];
  if (sample === undefined) return;
  let rows: unknown[] = [];
  // Oldest first, so that the newest row of each entity is written last.
  for (let day = options.days - 1; day >= 0; day--) {
    const event_time = new Date(options.now.getTime() - day * 86_400_000).toISOString();
    for (let entity = 1; entity <= entitiesOf(view, options); entity++) {
      const { id, values } = sample(entity, options.days - day);
      rows.push({ entity_id: id, event_time, values });
      if (rows.length === rowsPerRequest) {
        yield rows;
        rows = [];
      }
    }
  }
  if (rows.length > 0) yield rows;
}

async function warmCache(send: Send, { cacheUsers }: SeedOptions): Promise<void> {
  for (let first = 1; first <= cacheUsers; first += entitiesPerRead) {
    const length = Math.min(entitiesPerRead, cacheUsers - first + 1);
    const entity_ids = Array.from({ length }, (_, index) => `user_${first + index}`);
    await expectOk(send, '/api/v1/features/online', { entity_ids, feature_service: 'churn_model' });
  }
}

async function expectOk(send: Send, path: string, body: unknown): Promise<void> {
  const { status, text } = await send(path, body);
  if (status !== 200 && status !== 201) throw refused(path, status, text);
}

function refused(path: string, status: number, text: string): Error {
  return new Error(`${path} answered ${status}: ${text.slice(0, 500)}`);
}
