import { rowErrorCodes } from './errors.ts';
import { ingestLimits } from './limits.ts';
import { route } from './route.ts';
import * as z from './zod.ts';

/**
 * Rows stay unknown here: each is judged by itself against its view, so that one bad row is a rejection with its index
 * and not a refusal of all (`shared/ingestion`).
 */
export const ingestRequestSchema = z
  .strictObject({
    view: z.string().apply(z.documented, { examples: ['user_profile', 'user_profile@2'] }),
    rows: z
      .array(z.unknown())
      .check(z.minLength(1))
      .apply(z.documented, {
        override: {
          type: 'array',
          minItems: 1,
          maxItems: ingestLimits.rows,
          items: {
            type: 'object',
            required: ['entity_id', 'event_time', 'values'],
            properties: {
              entity_id: { $ref: '#/components/schemas/EntityId' },
              event_time: { $ref: '#/components/schemas/Time' },
              values: { type: 'object', description: 'Value by feature name; a feature left out is null' },
            },
          },
        },
      }),
  })
  .apply(z.documented, {
    id: 'IngestRequest',
    examples: [
      {
        view: 'user_profile',
        rows: [{ entity_id: 'user_123', event_time: '2026-01-31T12:00:00Z', values: { user_age: 34 } }],
      },
    ],
  });

export const rejectionSchema = z
  .object({ index: z.int(), code: z.enum(rowErrorCodes), detail: z.string() })
  .apply(z.documented, {
    id: 'RowRejection',
    description:
      'Why the row at this place of the request was refused. After half a million characters of details those of further rows are empty',
  });

export type RowRejection = z.infer<typeof rejectionSchema>;

const ingestAnswerSchema = z.object({ accepted: z.int(), rejected: z.array(rejectionSchema) }).apply(z.documented, {
  id: 'IngestAnswer',
  examples: [
    {
      accepted: 1,
      rejected: [{ index: 1, code: 'wrong_type', detail: 'user_age is not an integer, or a string of one' }],
    },
  ],
});

export const ingestRoutes = {
  ingestRows: route({
    id: 'ingestRows',
    method: 'post',
    path: '/api/v1/features/ingest',
    tag: 'features',
    summary: 'Write feature rows',
    description:
      'JSON, or a row a line as application/x-ndjson with ?view=. Up to 4 MiB, and 1 MiB of values a row. A request that is sent again with the same Idempotency-Key within 24 hours changes nothing.',
    access: 'write',
    query: z.strictObject({
      view: z.optional(z.string()).apply(z.documented, { description: 'With NDJSON: the view to write to' }),
    }),
    headers: z.object({
      'idempotency-key': z
        .optional(z.string().check(z.minLength(1), z.maxLength(255)))
        .apply(z.documented, { description: 'Makes a retry safe for 24 hours' }),
    }),
    body: ingestRequestSchema,
    otherBody: {
      contentType: 'application/x-ndjson',
      description:
        'A row a line, such as `{"entity_id":"user_123","event_time":"2026-01-31T12:00:00Z","values":{"user_age":34}}`',
    },
    answers: { 200: { description: 'What was accepted and what was not', schema: ingestAnswerSchema } },
    errors: [
      'invalid_name',
      'too_many_rows',
      'view_not_found',
      'idempotency_key_reused',
      'payload_too_large',
      'unsupported_media_type',
      'no_row_accepted',
      'unavailable',
    ],
  }),
};
