import { z } from 'zod';
import { normalizeEntityId } from './entity-id.ts';
import { parseTime, type Time } from './time.ts';

/** 1 to 512 bytes of text; a safe integer stands for its decimal text. Parsed to the text. */
export const entityIdSchema = z
  .union([z.string(), z.number()])
  .transform((given, context): string => {
    const id = normalizeEntityId(given);
    if (id !== undefined) return id;
    context.addIssue({ code: 'custom', message: 'an entity id is 1 to 512 bytes of text, or a safe integer' });
    return z.NEVER;
  })
  .meta({ id: 'EntityId', examples: ['user_123'] });

/** RFC 3339 (no zone = UTC; a date alone is its midnight), or epoch milliseconds. Parsed to a Time. */
export const timeSchema = z
  .union([z.string(), z.number()])
  .transform((given, context): Time => {
    const time = parseTime(given);
    if (time !== undefined) return time;
    context.addIssue({ code: 'custom', message: timeRule, params: { code: 'invalid_time' } });
    return z.NEVER;
  })
  .meta({ id: 'Time', examples: ['2026-01-31T12:00:00Z'] });

export const timeRule = 'a time is RFC 3339 (such as 2026-01-31T12:00:00Z), a date, or epoch milliseconds';

/** What an answer writes: UTC with `Z` and three digits, six where there are microseconds. */
export const answeredTimeSchema = z.string().meta({ id: 'AnsweredTime', format: 'date-time' });

export const tagsSchema = z.array(z.string().min(1).max(128)).max(50);
export const descriptionSchema = z.string().max(4096);
export const ttlHoursSchema = z.number().positive().max(1_000_000).meta({ description: 'Time to live, in hours' });

/** `?limit=` and `?cursor=` of every list. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .meta({ description: 'Entries a page', override: { type: 'integer', minimum: 1, maximum: 1000 } }),
  cursor: z.string().max(256).optional().meta({ description: '`next_cursor` of the page before' }),
};

export const nextCursorSchema = z.string().nullable().meta({ description: 'Null on the last page' });
