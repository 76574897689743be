import * as z from 'zod';

/** Of feature views, features, services and entity types. 48 characters leave room for suffixes in Postgres's 63 bytes. */
export const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,47}$/;

export const tenantNamePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** `age`, `user_profile:age` or `user_profile@2:age`. */
export const featureReferencePattern =
  /^(?:([A-Za-z][A-Za-z0-9_]{0,47})(?:@([1-9][0-9]{0,4}))?:)?([A-Za-z][A-Za-z0-9_]{0,47})$/;

/** `user_profile` or `user_profile@2`; the same for a feature service. */
export const versionedNamePattern = /^([A-Za-z][A-Za-z0-9_]{0,47})(?:@([1-9][0-9]{0,4}))?$/;

/** Columns that every view table has, and Postgres's own. Refused in any case, so that unquoted SQL stays unambiguous. */
const reservedFeatureNames = new Set([
  'entity_id',
  'event_time',
  'created_at',
  'recorded_at',
  'revision',
  'ctid',
  'xmin',
  'xmax',
  'cmin',
  'cmax',
  'tableoid',
]);

/** Members that rows of requests and answers have beside the keys named for entity types. */
const reservedEntityTypes = new Set(['entity_id', 'timestamp', 'features', 'statuses', 'values', 'metadata']);

const isReservedFeatureName = (name: string): boolean => reservedFeatureNames.has(name.toLowerCase());
const isReservedEntityType = (name: string): boolean => reservedEntityTypes.has(name.toLowerCase());

export const nameSchema = z
  .string()
  .refine((name) => namePattern.test(name), {
    error: 'a name begins with a letter and has up to 48 letters, digits and underscores',
    params: { code: 'invalid_name' },
  })
  .meta({ id: 'Name', pattern: namePattern.source, minLength: 1 });

export const featureNameSchema = nameSchema
  .refine((name) => !isReservedFeatureName(name), {
    error: 'this feature name is a column of every table',
    params: { code: 'reserved_name' },
  })
  .meta({ id: 'FeatureName', pattern: namePattern.source });

/**
 * A field of a stream source: its column stands beside those of every event. `event_time` and `event_id` may be fields
 * where they are what the source reads as such; stream-sources.ts sees to that.
 */
export const fieldNameSchema = nameSchema.refine(
  (name) => name === 'event_time' || name === 'event_id' || !isReservedFieldName(name),
  { error: 'this field name is a column of every table', params: { code: 'reserved_name' } },
);

const isReservedFieldName = (name: string): boolean => isReservedFeatureName(name) || name.toLowerCase() === 'event_id';

export const entityTypeSchema = nameSchema
  .refine((name) => !isReservedEntityType(name), {
    error: 'this entity type is a member of every row',
    params: { code: 'reserved_name' },
  })
  .meta({ id: 'EntityType', pattern: namePattern.source });
