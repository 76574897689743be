import { described, nameParam, owned, registered, timesOfChange, timeToLive, versionSchema } from './definitions.ts';
import { dtypeSchema } from './dtypes.ts';
import { nameSchema } from './names.ts';
import { nextCursorSchema, pageQuery } from './pages.ts';
import { entityTypeSchema, featureNameSchema } from './reserved-names.ts';
import { route } from './route.ts';
import { textSchema } from './scalars.ts';
import * as z from './zod.ts';

export const registerFeatureRequestSchema = z
  .strictObject({
    name: featureNameSchema,
    version: z.optional(versionSchema),
    dtype: dtypeSchema,
    entity_type: entityTypeSchema,
    ...timeToLive,
    ...described,
    view: z.optional(nameSchema),
    ...owned,
  })
  .apply(z.documented, {
    id: 'RegisterFeatureRequest',
    examples: [
      {
        name: 'user_lifetime_value',
        version: 1,
        dtype: 'float64',
        entity_type: 'user',
        ttl_hours: 24,
        description: 'Total purchase value across all time',
        tags: ['revenue'],
      },
    ],
  });

export type RegisterFeatureRequest = z.infer<typeof registerFeatureRequestSchema>;

const featureAnswerSchema = z
  .object({
    name: z.string(),
    version: z.int(),
    view: z.string(),
    entity_type: z.string(),
    dtype: dtypeSchema,
    ttl_hours: z.nullable(z.number()),
    description: z.string(),
    tags: z.array(z.string()),
    ...timesOfChange,
  })
  .apply(z.documented, {
    id: 'Feature',
    examples: [
      {
        name: 'user_lifetime_value',
        version: 1,
        view: 'user_lifetime_value',
        entity_type: 'user',
        dtype: 'float64',
        ttl_hours: 24,
        description: 'Total purchase value across all time',
        tags: ['revenue'],
        created_at: '2026-01-31T12:00:00.000Z',
        updated_at: '2026-01-31T12:00:00.000Z',
      },
    ],
  });

export type FeatureAnswer = z.infer<typeof featureAnswerSchema>;

const featureWithVersionsSchema = z
  .extend(featureAnswerSchema, { versions: z.array(featureAnswerSchema) })
  .apply(z.documented, { id: 'FeatureWithVersions' });

const listFeaturesQuerySchema = z.strictObject({
  entity_type: z.optional(textSchema(256)),
  tag: z.optional(textSchema(256)),
  view: z.optional(textSchema(256)),
  q: z.optional(textSchema(256)).apply(z.documented, { description: 'Part of a name or description, in any case' }),
  ...pageQuery,
});

export type ListFeaturesQuery = z.infer<typeof listFeaturesQuerySchema>;

export const featureRoutes = {
  registerFeature: route({
    id: 'registerFeature',
    method: 'post',
    path: '/api/v1/features/register',
    tag: 'features',
    summary: 'Register one feature',
    access: 'write',
    body: registerFeatureRequestSchema,
    answers: registered('feature', featureAnswerSchema),
    errors: [
      'invalid_name',
      'reserved_name',
      'invalid_dtype',
      'too_many_features',
      'ambiguous_feature',
      'version_conflict',
      'unavailable',
    ],
  }),
  listFeatures: route({
    id: 'listFeatures',
    method: 'get',
    path: '/api/v1/features',
    tag: 'features',
    summary: 'List and search features of the newest view versions',
    access: 'read',
    query: listFeaturesQuerySchema,
    answers: {
      200: {
        description: 'A page, ordered by name',
        schema: z.object({ features: z.array(featureAnswerSchema), next_cursor: nextCursorSchema }),
      },
    },
    errors: ['unavailable'],
  }),
  getFeature: route({
    id: 'getFeature',
    method: 'get',
    path: '/api/v1/features/{name}',
    tag: 'features',
    summary: 'A feature with its versions',
    access: 'read',
    params: nameParam,
    answers: { 200: { description: 'The newest version and all versions', schema: featureWithVersionsSchema } },
    errors: ['invalid_name', 'ambiguous_feature', 'feature_not_found', 'view_not_found', 'unavailable'],
  }),
};
