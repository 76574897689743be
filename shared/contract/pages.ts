import { textSchema } from './scalars.ts';
import * as z from './zod.ts';

const limitSchema = z
  .string()
  .check(z.refine((text) => /^[1-9][0-9]{0,2}$|^1000$/.test(text), { error: 'a whole number from 1 to 1000' }));

/** `?limit=` and `?cursor=` of every list. */
export const pageQuery = {
  limit: z._default(z.pipe(limitSchema, z.transform(Number)), 100).apply(z.documented, {
    description: 'Entries a page',
    override: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  }),
  cursor: z.optional(textSchema(256)).apply(z.documented, { description: '`next_cursor` of the page before' }),
};

export const nextCursorSchema = z.nullable(z.string()).apply(z.documented, { description: 'Null on the last page' });
