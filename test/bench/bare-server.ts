import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Redis } from 'ioredis';

/**
 * The floor of bench:online: the least that answers the same. Parse the body, read the entities by HMGET in one round
 * trip, stringify the same answer. No keys, no checks, no statuses worked out, no log, no metrics.
 */
const redis = new Redis(process.env.REDIS_URL ?? '');
const keyPrefix = process.env.BARE_KEY_PREFIX ?? '';
const app = new Hono();

interface OneRequest {
  entity_id: string;
  feature_names: string[];
}
interface ManyRequest {
  entity_ids: string[];
  feature_names: string[];
}

app.get('/health', (c) => c.json({ status: 'ok' }));

app.post('/one/:field', async (c) => {
  const { entity_id, feature_names } = await c.req.json<OneRequest>();
  const [stored] = await redis.hmget(`${keyPrefix}${entity_id}}`, c.req.param('field'));
  const [eventMicros, , , ...values] = JSON.parse(stored ?? '[]') as number[];
  const nowMillis = Date.now();
  const features: Record<string, unknown> = {};
  const metadata: Record<string, unknown> = {};
  const eventMillis = (eventMicros ?? 0) / 1000;
  const event_time = new Date(eventMillis).toISOString();
  for (const [index, name] of feature_names.entries()) {
    features[name] = values[index];
    metadata[name] = { status: 'PRESENT', event_time, age_seconds: (nowMillis - eventMillis) / 1000, version: 1 };
  }
  return c.json({ entity_id, features, metadata });
});

app.post('/many/:field', async (c) => {
  const { entity_ids, feature_names } = await c.req.json<ManyRequest>();
  const pipeline = redis.pipeline();
  for (const entityId of entity_ids) pipeline.hmget(`${keyPrefix}${entityId}}`, c.req.param('field'));
  const answers = (await pipeline.exec()) ?? [];
  const rows = answers.map(([, fields], index) => {
    const [, , , ...values] = JSON.parse((fields as string[])[0] ?? '[]') as number[];
    return { entity_id: entity_ids[index], values, statuses: feature_names.map(() => 'PRESENT') };
  });
  return c.json({ feature_names, rows });
});

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) });
