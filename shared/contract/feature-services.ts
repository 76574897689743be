import { described, nameParam, owned } from './definitions.ts';
import { registryLimits } from './limits.ts';
import { nameSchema } from './names.ts';
import { nextCursorSchema, pageQuery } from './pages.ts';
import { route } from './route.ts';
import { answeredTimeSchema, boundedList } from './scalars.ts';
import * as z from './zod.ts';

export const registerServiceRequestSchema = z
  .strictObject({
    name: nameSchema,
    features: boundedList(z.string(), registryLimits.featuresOfService, 'too_many_features'),
    ...described,
    ...owned,
  })
  .apply(z.documented, {
    id: 'RegisterServiceRequest',
    examples: [{ name: 'churn_model', features: ['user_age', 'user_profile:country'] }],
  });

export type RegisterServiceRequest = z.infer<typeof registerServiceRequestSchema>;

const serviceAnswerSchema = z
  .object({
    name: z.string(),
    version: z.int(),
    features: z.array(z.string()).apply(z.documented, { description: 'As asked for, and as answers name them' }),
    pinned: z.array(z.string()).apply(z.documented, { description: 'The exact view version and feature behind each' }),
    description: z.string(),
    tags: z.array(z.string()),
    owner: z.nullable(z.string()),
    created_at: answeredTimeSchema,
  })
  .apply(z.documented, {
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

const serviceWithVersionsSchema = z
  .extend(serviceAnswerSchema, { versions: z.array(serviceAnswerSchema) })
  .apply(z.documented, { id: 'FeatureServiceWithVersions' });

export const featureServiceRoutes = {
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
};
