import { z } from 'zod';
import { answeredTimeSchema, descriptionSchema, tagsSchema, textSchema, ttlHoursSchema } from './scalars.ts';

/** What definitions of features, views and services have in common. */

export const registryLimits = { featuresOfView: 500, featuresOfService: 500 } as const;

export const versionSchema = z.number().int().min(1).max(99_999);
export const nameParam = z.strictObject({ name: z.string() });

/** Members that a feature and a view share; an omitted one means its default, in a second registration too. */
export const described = {
  description: descriptionSchema.default(''),
  tags: tagsSchema.default([]),
};
export const timeToLive = { ttl_hours: ttlHoursSchema.nullable().default(null) };
export const owned = { owner: textSchema(256).nullable().default(null) };

export const timesOfChange = { created_at: answeredTimeSchema, updated_at: answeredTimeSchema };

/** The answers of registering. */
export const registered = (what: string, schema: z.ZodType) => ({
  200: {
    description: `The ${what} was already registered so, or only its description, tags, owner, retention or staleness changed`,
    schema,
  },
  201: { description: `The ${what}, or a new version or revision of it`, schema },
});
