import * as z from './zod.ts';

/** Of feature views, features, services and entity types. 48 characters leave room for suffixes in Postgres's 63 bytes. */
export const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,47}$/;

export const tenantNamePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** `age`, `user_profile:age` or `user_profile@2:age`. */
export const featureReferencePattern =
  /^(?:([A-Za-z][A-Za-z0-9_]{0,47})(?:@([1-9][0-9]{0,4}))?:)?([A-Za-z][A-Za-z0-9_]{0,47})$/;

/** `user_profile` or `user_profile@2`; the same for a feature service. */
export const versionedNamePattern = /^([A-Za-z][A-Za-z0-9_]{0,47})(?:@([1-9][0-9]{0,4}))?$/;

export const nameSchema = z
  .string()
  .check(
    z.refine((name) => namePattern.test(name), {
      error: 'a name begins with a letter and has up to 48 letters, digits and underscores',
      params: { code: 'invalid_name' },
    }),
  )
  .apply(z.documented, { id: 'Name', pattern: namePattern.source, minLength: 1 });
