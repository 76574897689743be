import { route } from './route.ts';
import { textSchema } from './scalars.ts';
import * as z from './zod.ts';

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
      entity_type: z
        .optional(textSchema(256))
        .apply(z.documented, { description: 'Only of this entity type; of all without it' }),
    }),
    answers: {
      200: {
        description: 'Whether anything was cached',
        schema: z
          .object({ entity_id: z.string(), invalidated: z.boolean() })
          .apply(z.documented, { id: 'Invalidation' }),
      },
    },
    errors: ['unavailable'],
  }),
};
