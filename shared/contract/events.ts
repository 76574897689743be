import { rejectionSchema } from './ingest.ts';
import { route } from './route.ts';
import { boundedList } from './scalars.ts';
import * as z from './zod.ts';

/**
 * As for rows, a body has at most what a Lambda event holds. `eventBytes` is of an event as JSON: within the envelope, where
 * each quote takes a backslash, it still fits a record of Kinesis.
 */
export const eventsLimits = { bytes: 4 * 1024 * 1024, events: 10_000, eventBytes: 400_000 } as const;

/** Events stay unknown here: each is judged by itself against its source. */
const writeEventsRequestSchema = z
  .strictObject({
    events: boundedList(z.unknown(), eventsLimits.events, 'too_many_rows').apply(z.documented, {
      override: {
        type: 'array',
        minItems: 1,
        maxItems: eventsLimits.events,
        items: {
          type: 'object',
          properties: {
            event_id: { type: 'string', description: 'Tells events apart where no field of the source does' },
          },
          description: 'Value by field of the source',
        },
      },
    }),
  })
  .apply(z.documented, {
    id: 'WriteEventsRequest',
    examples: [
      { events: [{ purchase_id: 'p1', user_id: 'user_123', amount: 12.5, bought_at: '2026-01-31T12:00:00Z' }] },
    ],
  });

const eventsAnswerSchema = z
  .object({
    accepted: z.int().apply(z.documented, { description: 'Events that were sent before count, too' }),
    event_ids: z.array(z.string()).apply(z.documented, { description: 'Of the accepted events, in their order' }),
    rejected: z.array(rejectionSchema),
  })
  .apply(z.documented, {
    id: 'WriteEventsAnswer',
    examples: [
      {
        accepted: 1,
        event_ids: ['p1'],
        rejected: [{ index: 1, code: 'wrong_type', detail: 'amount is not a number' }],
      },
    ],
  });

export const eventRoutes = {
  writeEvents: route({
    id: 'writeEvents',
    method: 'post',
    path: '/api/v1/events/{source}',
    tag: 'streams',
    summary: 'Write events to a stream source',
    description:
      'Events are judged and written to the stream; they count some moments later. Up to 10,000 events and 4 MiB, 400,000 bytes an event. An event without an id is given one: send it again with an id of your own, or it counts twice.',
    access: 'write',
    params: z.strictObject({ source: z.string() }),
    body: writeEventsRequestSchema,
    answers: { 202: { description: 'What was accepted and what was not', schema: eventsAnswerSchema } },
    errors: [
      'invalid_name',
      'too_many_rows',
      'source_not_found',
      'payload_too_large',
      'no_event_accepted',
      'unavailable',
    ],
  }),
};
