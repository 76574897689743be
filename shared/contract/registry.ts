import { z } from 'zod';
import { dtypeSchema } from './dtypes.ts';
import { entityTypeSchema, featureNameSchema, nameSchema } from './names.ts';
import { route } from './route.ts';
import {
  answeredTimeSchema,
  boundedList,
  descriptionSchema,
  nextCursorSchema,
  pageQuery,
  tagsSchema,
  textSchema,
  ttlHoursSchema,
} from './scalars.ts';

export const registryLimits = { featuresOfView: 500, featuresOfService: 500 } as const;

const versionSchema = z.number().int().min(1).max(99_999);
const nameParam = z.strictObject({ name: z.string() });

/** Members that a feature and a view share; an omitted one means its default, in a second registration too. */
const described = {
  description: descriptionSchema.default(''),
  tags: tagsSchema.default([]),
};
const timeToLive = { ttl_hours: ttlHoursSchema.nullable().default(null) };
const owned = { owner: textSchema(256).nullable().default(null) };

export const registerFeatureRequestSchema = z
  .strictObject({
    name: featureNameSchema,
    version: versionSchema.optional(),
    dtype: dtypeSchema,
    entity_type: entityTypeSchema,
    ...timeToLive,
    ...described,
    view: nameSchema.optional(),
    ...owned,
  })
  .meta({
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
    retention_days: z.number().int().min(0).max(36_500).optional().meta({ description: '0 keeps all; default 90' }),
    max_staleness_seconds: z.number().int().positive().max(3_153_600_000).nullable().default(null),
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

export const registerServiceRequestSchema = z
  .strictObject({
    name: nameSchema,
    features: boundedList(z.string(), registryLimits.featuresOfService, 'too_many_features'),
    ...described,
    ...owned,
  })
  .meta({
    id: 'RegisterServiceRequest',
    examples: [{ name: 'churn_model', features: ['user_age', 'user_profile:country'] }],
  });

export type RegisterServiceRequest = z.infer<typeof registerServiceRequestSchema>;

const timesOfChange = { created_at: answeredTimeSchema, updated_at: answeredTimeSchema };

const featureAnswerSchema = z
  .object({
    name: z.string(),
    version: z.number().int(),
    view: z.string(),
    entity_type: z.string(),
    dtype: dtypeSchema,
    ttl_hours: z.number().nullable(),
    description: z.string(),
    tags: z.array(z.string()),
    ...timesOfChange,
  })
  .meta({
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

const featureWithVersionsSchema = featureAnswerSchema
  .extend({ versions: z.array(featureAnswerSchema) })
  .meta({ id: 'FeatureWithVersions' });

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

const serviceAnswerSchema = z
  .object({
    name: z.string(),
    version: z.number().int(),
    features: z.array(z.string()).meta({ description: 'As asked for, and as answers name them' }),
    pinned: z.array(z.string()).meta({ description: 'The exact view version and feature behind each' }),
    description: z.string(),
    tags: z.array(z.string()),
    owner: z.string().nullable(),
    created_at: answeredTimeSchema,
  })
  .meta({
    id: 'FeatureService',
    examples: [
      {
        name: 'churn_model',
        version: 1,
        features: ['user_age'],
        pinned: ['user_profile@1:user_age'],
        description: '',
        tags: [],
        owner: null,
        created_at: '2026-01-31T12:00:00.000Z',
      },
    ],
  });

export type ServiceAnswer = z.infer<typeof serviceAnswerSchema>;

const serviceWithVersionsSchema = serviceAnswerSchema
  .extend({ versions: z.array(serviceAnswerSchema) })
  .meta({ id: 'FeatureServiceWithVersions' });

const listFeaturesQuerySchema = z.strictObject({
  entity_type: textSchema(256).optional(),
  tag: textSchema(256).optional(),
  view: textSchema(256).optional(),
  q: textSchema(256).optional().meta({ description: 'Part of a name or description, in any case' }),
  ...pageQuery,
});

export type ListFeaturesQuery = z.infer<typeof listFeaturesQuerySchema>;

const registered = (what: string, schema: z.ZodType) => ({
  200: {
    description: `The ${what} was already registered so, or only its description, tags, owner or retention changed`,
    schema,
  },
  201: { description: `The ${what}, or a new version or revision of it`, schema },
});

export const registryRoutes = {
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
  registerService: route({
    id: 'registerService',
    method: 'post',
    path: '/api/v1/feature-services',
    tag: 'feature services',
    summary: 'Register a feature service: a named, immutable list of pinned features',
    access: 'write',
    body: registerServiceRequestSchema,
    answers: {
      200: { description: 'This very service exists', schema: serviceAnswerSchema },
      201: { description: 'The service, or its next version', schema: serviceAnswerSchema },
    },
    errors: [
      'invalid_name',
      'too_many_features',
      'ambiguous_feature',
      'feature_not_found',
      'view_not_found',
      'unavailable',
    ],
  }),
  listServices: route({
    id: 'listServices',
    method: 'get',
    path: '/api/v1/feature-services',
    tag: 'feature services',
    summary: 'List feature services',
    access: 'read',
    query: z.strictObject(pageQuery),
    answers: {
      200: {
        description: 'A page, ordered by name',
        schema: z.object({ feature_services: z.array(serviceAnswerSchema), next_cursor: nextCursorSchema }),
      },
    },
    errors: ['unavailable'],
  }),
  getService: route({
    id: 'getService',
    method: 'get',
    path: '/api/v1/feature-services/{name}',
    tag: 'feature services',
    summary: 'A feature service with its versions',
    access: 'read',
    params: nameParam,
    answers: {
      200: {
        description: 'The newest version (or the one named as name@version) and all versions',
        schema: serviceWithVersionsSchema,
      },
    },
    errors: ['invalid_name', 'service_not_found', 'unavailable'],
  }),
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
