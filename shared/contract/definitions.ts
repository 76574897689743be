import { answeredTimeSchema, textSchema } from './scalars.ts';
import * as z from './zod.ts';

/** What definitions of features, views and services have in common. */

export const versionSchema = z.int().check(z.minimum(1), z.maximum(99_999));
export const nameParam = z.strictObject({ name: z.string() });

const tagsSchema = z.array(textSchema(128).check(z.minLength(1))).check(z.maxLength(50));
const ttlHoursSchema = z
  .number()
  .check(z.positive(), z.maximum(1_000_000))
  .apply(z.documented, { description: 'Time to live, in hours' });

/** Members that a feature and a view share; an omitted one means its default, in a second registration too. */
export const described = {
  description: z._default(textSchema(4096), ''),
  tags: z._default(tagsSchema, []),
};
export const timeToLive = { ttl_hours: z._default(z.nullable(ttlHoursSchema), null) };
export const owned = { owner: z._default(z.nullable(textSchema(256)), null) };

/** Days that are kept. */
export const retentionDaysSchema = z.int().check(z.minimum(0), z.maximum(36_500));

export const timesOfChange = { created_at: answeredTimeSchema, updated_at: answeredTimeSchema };

/** The answers of registering. */
export const registered = (what: string, schema: z.ZodMiniType) => ({
  200: {
    description: `The ${what} was already registered so, or only its description, tags, owner, retention or staleness changed`,
    schema,
  },
  201: { description: `The ${what}, or a new version or revision of it`, schema },
});
