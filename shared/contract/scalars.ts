import * as z from 'zod';
import { normalizeEntityId } from './entity-id.ts';
import type { ErrorCode } from './errors.ts';
import { parseTime, type Time } from './time.ts';

/** Text that Postgres can store, up to `most` code points: without NUL and without half a surrogate pair. */
export function textSchema(most: number) {
  return z
    .string()
    .max(most)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), {
      error: 'text may not have a NUL character or a lone surrogate',
    })
    .meta({ pattern: '^[^\\u0000]*$' });
}

/**
 * A list of 1 to `most` entries that is refused by its length with a code of its own, before any entry is looked at:
 * 4 MiB hold two million wrong entries, of which Zod would make two million issues (4.6 s and 1.3 GB, measured).
 */
export function boundedList<Entry extends z.ZodType>(entry: Entry, most: number, code: ErrorCode) {
  return z.preprocess((given, context) => {
    if (Array.isArray(given) && given.length > most) {
      context.addIssue({ code: 'custom', message: `at most ${most}, not ${given.length}`, params: { code } });
    }
    return given;
  }, z.array(entry).min(1).max(most));
}

const mostMembers = 1000;

/**
 * As z.record, but refuses a member `__proto__`, which that leaves out without a word, and more members than any request
 * needs: 4 MiB hold 400,000 wrong ones, a second's work.
 */
export function recordOf<Key extends z.ZodString, Value extends z.ZodType>(key: Key, value: Value) {
  return z.preprocess(
    (given, context) => {
      if (typeof given !== 'object' || given === null) return given;
      if (Object.hasOwn(given, '__proto__')) context.addIssue('a member may not be named __proto__');
      if (Object.keys(given).length > mostMembers) context.addIssue(`at most ${mostMembers} members`);
      return given;
    },
    z.record(key, value),
  );
}

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

const timeMeta = {
  examples: ['2026-01-31T12:00:00Z'],
  description: 'RFC 3339, UTC without a zone; a date; or epoch milliseconds',
  override: { anyOf: [{ type: 'string' as const }, { type: 'number' as const }] },
};

/** RFC 3339 (no zone = UTC; a date alone is its midnight), or epoch milliseconds. Parsed to a Time. */
export const timeSchema = z
  .unknown()
  .transform((given, context): Time => {
    const time = parseTime(given);
    if (time !== undefined) return time;
    context.addIssue({ code: 'custom', message: timeRule, params: { code: 'invalid_time' } });
    return z.NEVER;
  })
  .meta({ id: 'Time', ...timeMeta });

/** A time that the answer gives back as it came; its reader parses it. */
export const givenTimeSchema = z.unknown().meta(timeMeta);

export const timeRule = 'a time is RFC 3339 (such as 2026-01-31T12:00:00Z), a date, or epoch milliseconds';

/** What an answer writes: UTC with `Z` and three digits, six where there are microseconds. */
export const answeredTimeSchema = z.string().meta({ id: 'AnsweredTime', format: 'date-time' });

export const tagsSchema = z.array(textSchema(128).min(1)).max(50);
export const descriptionSchema = textSchema(4096);
export const ttlHoursSchema = z.number().positive().max(1_000_000).meta({ description: 'Time to live, in hours' });

/** `?limit=` and `?cursor=` of every list. */
export const pageQuery = {
  limit: z
    .string()
    .refine((text) => /^[1-9][0-9]{0,2}$|^1000$/.test(text), { error: 'a whole number from 1 to 1000' })
    .transform(Number)
    .default(100)
    .meta({ description: 'Entries a page', override: { type: 'integer', minimum: 1, maximum: 1000, default: 100 } }),
  cursor: textSchema(256).optional().meta({ description: '`next_cursor` of the page before' }),
};

export const nextCursorSchema = z.string().nullable().meta({ description: 'Null on the last page' });
