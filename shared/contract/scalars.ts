import { normalizeEntityId } from './entity-id.ts';
import type { ErrorCode } from './errors.ts';
import { refuse } from './refuse.ts';
import * as z from './zod.ts';

/** Text that Postgres can store, up to `most` code points: without NUL and without half a surrogate pair. */
export function textSchema(most: number) {
  return z
    .string()
    .check(
      z.maxLength(most),
      z.refine((text) => text.isWellFormed() && !text.includes('\0'), {
        error: 'text may not have a NUL character or a lone surrogate',
      }),
    )
    .apply(z.documented, { pattern: '^[^\\u0000]*$' });
}

/**
 * A list of 1 to `most` entries that is refused by its length with a code of its own, before any entry is looked at:
 * 4 MiB hold two million wrong entries, of which Zod would make two million issues (4.6 s and 1.3 GB, measured).
 */
export function boundedList<Entry extends z.core.$ZodType>(entry: Entry, most: number, code: ErrorCode) {
  return z.pipe(
    z.transform((given: unknown, context) => {
      if (!Array.isArray(given) || given.length <= most) return given;
      return refuse(context, `at most ${most}, not ${given.length}`, { code });
    }),
    z.array(entry).check(z.minLength(1), z.maxLength(most)),
  );
}

const mostMembers = 1000;

/**
 * As z.record, but refuses a member `__proto__`, which that leaves out without a word, and more members than any request
 * needs: 4 MiB hold 400,000 wrong ones, a second's work.
 */
export function recordOf<Key extends z.core.$ZodString<string>, Value extends z.core.$ZodType>(key: Key, value: Value) {
  return z.pipe(
    z.transform((given: unknown, context) => {
      if (typeof given !== 'object' || given === null) return given;
      if (Object.hasOwn(given, '__proto__')) refuse(context, 'a member may not be named __proto__');
      if (Object.keys(given).length > mostMembers) refuse(context, `at most ${mostMembers} members`);
      return given;
    }),
    z.record(key, value),
  );
}

/** 1 to 512 bytes of text; a safe integer stands for its decimal text. Parsed to the text. */
export const entityIdSchema = z
  .pipe(
    z.union([z.string(), z.number()]),
    z.transform((given, context): string => {
      return normalizeEntityId(given) ?? refuse(context, 'an entity id is 1 to 512 bytes of text, or a safe integer');
    }),
  )
  .apply(z.documented, { id: 'EntityId', examples: ['user_123'] });

/** What an answer writes: UTC with `Z` and three digits, six where there are microseconds. */
export const answeredTimeSchema = z.string().apply(z.documented, { id: 'AnsweredTime', format: 'date-time' });
