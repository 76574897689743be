import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';

/** The floor of bench:cold-start: Hono, one route, an answer that asks nobody. */
const app = new Hono();
app.post('/api/v1/features/online', (c) => c.json({ entity_id: 'user_1' }));

export const handler = handle(app);
