import { nameSchema } from './names.ts';
import { route } from './route.ts';
import { answeredTimeSchema, boundedList, entityIdSchema, recordOf } from './scalars.ts';
import * as z from './zod.ts';

export const onlineLimits = { entities: 1000, features: 500, values: 100_000 } as const;

export const featureStatuses = ['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE', 'UNAVAILABLE'] as const;
export type FeatureStatus = (typeof featureStatuses)[number];
export const statusSchema = z.enum(featureStatuses).apply(z.documented, { id: 'FeatureStatus' });

/** A feature's value in an answer: null unless its status is PRESENT. */
export const valueSchema = z
  .unknown()
  .apply(z.documented, { id: 'FeatureValue', description: 'As the dtype says; null unless PRESENT' });

const featureReferenceSchema = z
  .string()
  .apply(z.documented, { id: 'FeatureReference', examples: ['age', 'user_profile:age', 'user_profile@2:age'] });

/** What an online or a point-in-time request asks for: names, or the service that lists them. */
export const askedFeatures = {
  feature_names: z.optional(boundedList(featureReferenceSchema, onlineLimits.features, 'too_many_features')),
  feature_service: z.optional(z.string()).apply(z.documented, { examples: ['churn_model', 'churn_model@2'] }),
};

/** Refuses a request that does not say exactly one of `members`. */
export function exactlyOne<Request extends object>(
  members: readonly (keyof Request & string)[],
): z.core.CheckFn<Request> {
  return ({ value, issues }) => {
    let count = 0;
    for (const member of members) if (value[member] !== undefined) count += 1;
    if (count === 1) return;
    const given = members.filter((member) => value[member] !== undefined);
    const said = count === 0 ? 'none is given' : `${given.join(' and ')} are given`;
    const isWithoutEntities = count === 0 && members.some((member) => member === 'entity_ids');
    issues.push({
      code: 'custom',
      message: `exactly one of ${members.join(', ')} is needed; ${said}`,
      params: { code: isWithoutEntities ? 'entities_required' : 'invalid_request' },
      input: value,
      // The other checks run all the same.
      continue: true,
    });
  };
}

export const onlineRequestSchema = z
  .strictObject({
    entity_id: z.optional(entityIdSchema),
    entities: z
      .optional(recordOf(nameSchema, entityIdSchema))
      .apply(z.documented, { description: 'Entity id by entity type' }),
    entity_ids: z.optional(boundedList(entityIdSchema, onlineLimits.entities, 'too_many_entities')),
    entity_rows: z.optional(
      boundedList(recordOf(z.string(), entityIdSchema), onlineLimits.entities, 'too_many_entities'),
    ),
    ...askedFeatures,
    include_metadata: z._default(z.boolean(), true),
    allow_partial: z._default(z.boolean(), false),
  })
  .check(
    exactlyOne(['entity_id', 'entities', 'entity_ids', 'entity_rows']),
    exactlyOne(['feature_names', 'feature_service']),
  )
  .apply(z.documented, {
    id: 'OnlineRequest',
    examples: [
      { entity_id: 'user_123', feature_names: ['user_age', 'user_profile:country'] },
      { entity_ids: ['user_123', 'user_124'], feature_service: 'churn_model', include_metadata: false },
      {
        entity_rows: [{ user: 'user_123', merchant: 'merchant_9' }],
        feature_names: ['user_age', 'merchant_risk:chargeback_rate'],
      },
    ],
  });

export type OnlineRequest = z.infer<typeof onlineRequestSchema>;

const featureMetadataSchema = z
  .object({
    status: statusSchema,
    event_time: z.nullable(answeredTimeSchema),
    age_seconds: z.nullable(z.number()),
    version: z.int(),
  })
  .apply(z.documented, { id: 'FeatureMetadata' });

const oneAnswerSchema = z
  .object({
    entity_id: z.optional(z.string()),
    entities: z.optional(z.record(z.string(), z.string())),
    features: z.record(z.string(), valueSchema),
    metadata: z.optional(z.record(z.string(), featureMetadataSchema)),
  })
  .apply(z.documented, {
    id: 'OnlineAnswer',
    examples: [
      {
        entity_id: 'user_123',
        features: { user_age: 34 },
        metadata: {
          user_age: { status: 'PRESENT', event_time: '2026-01-31T12:00:00.000Z', age_seconds: 12.5, version: 1 },
        },
      },
    ],
  });

const manyAnswerSchema = z
  .object({
    feature_names: z.array(z.string()),
    rows: z.array(z.looseObject({ values: z.array(valueSchema), statuses: z.optional(z.array(statusSchema)) })),
  })
  .apply(z.documented, {
    id: 'OnlineRows',
    examples: [
      {
        feature_names: ['user_age'],
        rows: [
          { entity_id: 'user_123', values: [34], statuses: ['PRESENT'] },
          { entity_id: 'user_124', values: [null], statuses: ['NOT_FOUND'] },
        ],
      },
    ],
  });

export const onlineRoutes = {
  readOnline: route({
    id: 'readOnline',
    method: 'post',
    path: '/api/v1/features/online',
    tag: 'features',
    summary: 'Read feature values as of now',
    description: `Up to ${onlineLimits.entities} entities, ${onlineLimits.features} features and ${onlineLimits.values} values, and an answer of 64 MiB unless the server is set otherwise, on AWS of 6 MB.`,
    access: 'read',
    body: onlineRequestSchema,
    answers: {
      200: { description: 'Values, in the order asked', schema: z.union([oneAnswerSchema, manyAnswerSchema]) },
    },
    errors: [
      'invalid_name',
      'entities_required',
      'too_many_entities',
      'too_many_features',
      'too_many_values',
      'ambiguous_feature',
      'feature_not_found',
      'view_not_found',
      'service_not_found',
      'unavailable',
    ],
  }),
};
