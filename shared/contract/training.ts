import { givenTimeSchema, timeSchema } from './given-times.ts';
import { askedFeatures, exactlyOne, statusSchema, valueSchema } from './online.ts';
import { route } from './route.ts';
import { boundedList, entityIdSchema, recordOf } from './scalars.ts';
import * as z from './zod.ts';

export const batchLimits = { rows: 10_000, features: 500, values: 1_000_000 } as const;

export const warningSchema = z
  .discriminatedUnion('code', [
    z.object({ code: z.literal('beyond_retention'), view: z.string(), horizon: z.string() }).apply(z.documented, {
      description: 'The answer asks for times of which the view no longer keeps all rows, or its source all events',
    }),
    z
      .object({
        code: z.literal('backfill_incomplete'),
        view: z.string(),
        events_done: z.int(),
        events_total: z.nullable(z.int()).apply(z.documented, { description: 'Null until they are counted' }),
      })
      .apply(z.documented, {
        description: 'Not all of what the source had before the stream view is counted in it yet',
      }),
  ])
  .apply(z.documented, { id: 'Warning', description: 'What the answer may lack' });

export type Warning = z.infer<typeof warningSchema>;

export const batchRequestSchema = z
  .strictObject({
    entity_ids: z.optional(boundedList(entityIdSchema, batchLimits.rows, 'too_many_rows')),
    entity_rows: z
      .optional(boundedList(recordOf(z.string(), z.unknown()), batchLimits.rows, 'too_many_rows'))
      .apply(z.documented, {
        description:
          'Each with `timestamp` and `entity_id`, or keys named for the entity types; further members come back as given',
      }),
    ...askedFeatures,
    timestamp: z.optional(givenTimeSchema).apply(z.documented, { description: 'As of when; with entity_ids' }),
    known_at: z.optional(timeSchema).apply(z.documented, { description: 'Only rows recorded by then count' }),
  })
  .check(
    exactlyOne(['entity_ids', 'entity_rows']),
    exactlyOne(['feature_names', 'feature_service']),
    z.superRefine((request, context) => {
      if (request.entity_ids !== undefined && request.timestamp === undefined) {
        context.addIssue({
          code: 'custom',
          message: 'entity_ids need a timestamp',
          path: ['timestamp'],
          params: { code: 'invalid_time' },
        });
      }
      if (request.entity_rows !== undefined && request.timestamp !== undefined) {
        context.addIssue({
          code: 'custom',
          message: 'with entity_rows each row has its own timestamp',
          path: ['timestamp'],
        });
      }
    }),
  )
  .apply(z.documented, {
    id: 'BatchRequest',
    examples: [
      { entity_ids: ['user_123'], feature_names: ['user_age'], timestamp: '2026-01-31T12:00:00Z' },
      {
        entity_rows: [{ entity_id: 'user_123', timestamp: '2026-01-31T12:00:00Z', label: 1 }],
        feature_service: 'churn_model',
      },
    ],
  });

export type BatchRequest = z.infer<typeof batchRequestSchema>;

const batchAnswerSchema = z
  .object({
    feature_names: z.array(z.string()),
    rows: z.array(
      z.looseObject({
        timestamp: z.union([z.string(), z.number()]),
        features: z.record(z.string(), valueSchema),
        statuses: z.record(z.string(), statusSchema),
      }),
    ),
    warnings: z.optional(z.array(warningSchema)),
  })
  .apply(z.documented, {
    id: 'BatchAnswer',
    examples: [
      {
        feature_names: ['user_age'],
        rows: [
          {
            entity_id: 'user_123',
            timestamp: '2026-01-31T12:00:00Z',
            features: { user_age: 34 },
            statuses: { user_age: 'PRESENT' },
          },
        ],
      },
    ],
  });

export const trainingRoutes = {
  readBatch: route({
    id: 'readBatch',
    method: 'post',
    path: '/api/v1/features/batch',
    tag: 'features',
    summary: 'Read feature values as of past moments, point in time correct',
    description: `One answer row for each input row, in order; up to ${batchLimits.rows} rows and ${batchLimits.values} values, and an answer of 64 MiB unless the server is set otherwise, on AWS of 6 MB.`,
    access: 'read',
    body: batchRequestSchema,
    answers: { 200: { description: 'Rows, in the order given', schema: batchAnswerSchema } },
    errors: [
      'invalid_name',
      'invalid_time',
      'entities_required',
      'too_many_features',
      'too_many_rows',
      'too_many_values',
      'ambiguous_feature',
      'feature_not_found',
      'view_not_found',
      'service_not_found',
      'unavailable',
    ],
  }),
};
