import * as z from 'zod';
import { route } from './route.ts';
import { textSchema } from './scalars.ts';

export const cacheRoutes = {
  invalidateCache: route({
    id: 'invalidateCache',
    method: 'delete',
    path: '/api/v1/cache/invalidate/{entity_id}',
    tag: 'cache',
    summary: 'Drop what the cache holds of an entity; the next read answers from Postgres',
    access: 'write',
    params: z.strictObject({ entity_id: z.string() }),
    query: z.strictObject({
      entity_type: textSchema(256).optional().meta({ description: 'Only of this entity type; of all without it' }),
    }),
    answers: {
      200: {
        description: 'Whether anything was cached',
        schema: z.object({ entity_id: z.string(), invalidated: z.boolean() }).meta({ id: 'Invalidation' }),
      },
    },
    errors: ['unavailable'],
  }),
};
