import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { Redis } from 'ioredis';

/** As answer-at-once.ts, with the one HMGET that a read is. No key, no registry, no log, no metrics. */
const redis = new Redis(process.env.REDIS_URL ?? '');
const app = new Hono();
app.post('/api/v1/features/online', async (c) => {
  const { entity_id } = await c.req.json<{ entity_id: string }>();
  const [stored] = await redis.hmget(`${process.env.BARE_KEY_PREFIX}${entity_id}}`, process.env.BARE_FIELD ?? '');
  const [, , , ...values] = JSON.parse(stored ?? '[]') as number[];
  return c.json({ entity_id, values });
});

export const handler = handle(app);
