import * as z from 'zod';
import { answeredTimeSchema, descriptionSchema, tagsSchema, textSchema, ttlHoursSchema } from './scalars.ts';

/** What definitions of features, views and services have in common. */

export const registryLimits = {
  featuresOfView: 500,
  featuresOfService: 500,
  /** A row of Postgres holds 296 values of text of any length: an event of this many fields always fits. */
  fieldsOfSource: 250,
  /** Each has two tables of its own, which a day of events cuts further. */
  sourcesOfTenant: 100,
} as const;

export const versionSchema = z.number().int().min(1).max(99_999);
export const nameParam = z.strictObject({ name: z.string() });

/** Members that a feature and a view share; an omitted one means its default, in a second registration too. */
export const described = {
  description: descriptionSchema.default(''),
  tags: tagsSchema.default([]),
};
export const timeToLive = { ttl_hours: ttlHoursSchema.nullable().default(null) };
export const owned = { owner: textSchema(256).nullable().default(null) };

/** Days that are kept. */
export const retentionDaysSchema = z.number().int().min(0).max(36_500);

export const timesOfChange = { created_at: answeredTimeSchema, updated_at: answeredTimeSchema };

/** The answers of registering. */
export const registered = (what: string, schema: z.ZodType) => ({
  200: {
    description: `The ${what} was already registered so, or only its description, tags, owner, retention or staleness changed`,
    schema,
  },
  201: { description: `The ${what}, or a new version or revision of it`, schema },
});
