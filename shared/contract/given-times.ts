import { refuse } from './refuse.ts';
import { parseTime, type Time } from './time.ts';
import * as z from './zod.ts';

const timeMeta = {
  examples: ['2026-01-31T12:00:00Z'],
  description: 'RFC 3339, UTC without a zone; a date; or epoch milliseconds',
  override: { anyOf: [{ type: 'string' as const }, { type: 'number' as const }] },
};

/** RFC 3339 (no zone = UTC; a date alone is its midnight), or epoch milliseconds. Parsed to a Time. */
export const timeSchema = z
  .pipe(
    z.unknown(),
    z.transform((given, context): Time => {
      return parseTime(given) ?? refuse(context, timeRule, { code: 'invalid_time' });
    }),
  )
  .apply(z.documented, { id: 'Time', ...timeMeta });

/** A time that the answer gives back as it came; its reader parses it. */
export const givenTimeSchema = z.unknown().apply(z.documented, timeMeta);

export const timeRule = 'a time is RFC 3339 (such as 2026-01-31T12:00:00Z), a date, or epoch milliseconds';
