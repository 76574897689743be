import { z } from 'zod';
import {
  described,
  nameParam,
  owned,
  registered,
  registryLimits,
  timesOfChange,
  timeToLive,
  versionSchema,
} from './definitions.ts';
import { dtypeSchema } from './dtypes.ts';
import { entityTypeSchema, featureNameSchema, nameSchema } from './names.ts';
import { route } from './route.ts';
import { boundedList, nextCursorSchema, pageQuery } from './scalars.ts';

const featureDefinitionSchema = z
  .strictObject({ name: featureNameSchema, dtype: dtypeSchema, ...timeToLive, ...described })
  .meta({ id: 'FeatureDefinition' });

export type FeatureDefinition = z.infer<typeof featureDefinitionSchema>;

export const registerViewRequestSchema = z
  .strictObject({
    name: nameSchema,
    version: versionSchema.optional(),
    entity_type: entityTypeSchema,
    features: boundedList(featureDefinitionSchema, registryLimits.featuresOfView, 'too_many_features'),
    ...timeToLive,
    ...described,
    ...owned,
    retention_days: z
      .number()
      .int()
      .min(0)
      .max(36_500)
      .optional()
      .meta({ description: 'Rows older than this are refused; 0 takes all; default 90' }),
    max_staleness_seconds: z.number().int().positive().max(3_153_600_000).nullable().default(null).meta({
      description:
        'How old the newest row may be before the view counts as stale (metric feature_store_stale_views); no read looks at it',
    }),
  })
  .superRefine(({ features }, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of features.entries()) {
      if (seen.has(name))
        context.addIssue({
          code: 'custom',
          message: `feature ${name} stands twice`,
          path: ['features', index, 'name'],
        });
      seen.add(name);
    }
  })
  .meta({
    id: 'RegisterViewRequest',
    examples: [
      {
        name: 'user_profile',
        entity_type: 'user',
        ttl_hours: 48,
        features: [
          { name: 'user_age', dtype: 'int64' },
          { name: 'country', dtype: 'string', tags: ['geography'] },
        ],
      },
    ],
  });

export type RegisterViewRequest = z.infer<typeof registerViewRequestSchema>;

const viewAnswerSchema = z
  .object({
    name: z.string(),
    version: z.number().int(),
    revision: z.number().int(),
    entity_type: z.string(),
    features: z.array(
      z.object({
        name: z.string(),
        dtype: dtypeSchema,
        ttl_hours: z.number().nullable(),
        description: z.string(),
        tags: z.array(z.string()),
      }),
    ),
    ttl_hours: z.number().nullable(),
    description: z.string(),
    tags: z.array(z.string()),
    owner: z.string().nullable(),
    retention_days: z.number().int(),
    max_staleness_seconds: z.number().int().nullable(),
    ...timesOfChange,
  })
  .meta({
    id: 'FeatureView',
    examples: [
      {
        name: 'user_profile',
        version: 1,
        revision: 1,
        entity_type: 'user',
        features: [{ name: 'user_age', dtype: 'int64', ttl_hours: null, description: '', tags: [] }],
        ttl_hours: 48,
        description: '',
        tags: [],
        owner: null,
        retention_days: 90,
        max_staleness_seconds: null,
        created_at: '2026-01-31T12:00:00.000Z',
        updated_at: '2026-01-31T12:00:00.000Z',
      },
    ],
  });

export type ViewAnswer = z.infer<typeof viewAnswerSchema>;

const viewWithVersionsSchema = viewAnswerSchema
  .extend({ versions: z.array(viewAnswerSchema) })
  .meta({ id: 'FeatureViewWithVersions' });

export const featureViewRoutes = {
  registerView: route({
    id: 'registerView',
    method: 'post',
    path: '/api/v1/feature-views',
    tag: 'feature views',
    summary: 'Register a feature view, or its next version or revision',
    access: 'write',
    body: registerViewRequestSchema,
    answers: registered('feature view', viewAnswerSchema),
    errors: ['invalid_name', 'reserved_name', 'invalid_dtype', 'too_many_features', 'version_conflict', 'unavailable'],
  }),
  listViews: route({
    id: 'listViews',
    method: 'get',
    path: '/api/v1/feature-views',
    tag: 'feature views',
    summary: 'List feature views',
    access: 'read',
    query: z.strictObject(pageQuery),
    answers: {
      200: {
        description: 'A page, ordered by name',
        schema: z.object({ feature_views: z.array(viewAnswerSchema), next_cursor: nextCursorSchema }),
      },
    },
    errors: ['unavailable'],
  }),
  getView: route({
    id: 'getView',
    method: 'get',
    path: '/api/v1/feature-views/{name}',
    tag: 'feature views',
    summary: 'A feature view with its versions',
    access: 'read',
    params: nameParam,
    answers: {
      200: {
        description: 'The newest version (or the one named as name@version) and all versions',
        schema: viewWithVersionsSchema,
      },
    },
    errors: ['invalid_name', 'view_not_found', 'unavailable'],
  }),
};
