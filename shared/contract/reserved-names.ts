import { namePattern, nameSchema } from './names.ts';
import * as z from './zod.ts';

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

export const featureNameSchema = nameSchema
  .check(
    z.refine((name) => !isReservedFeatureName(name), {
      error: 'this feature name is a column of every table',
      params: { code: 'reserved_name' },
    }),
  )
  .apply(z.documented, { id: 'FeatureName', pattern: namePattern.source });

/**
 * A field of a stream source: its column stands beside those of every event. `event_time` and `event_id` may be fields
 * where they are what the source reads as such; stream-sources.ts sees to that.
 */
export const fieldNameSchema = nameSchema.check(
  z.refine((name) => name === 'event_time' || name === 'event_id' || !isReservedFieldName(name), {
    error: 'this field name is a column of every table',
    params: { code: 'reserved_name' },
  }),
);

const isReservedFieldName = (name: string): boolean => isReservedFeatureName(name) || name.toLowerCase() === 'event_id';

export const entityTypeSchema = nameSchema
  .check(
    z.refine((name) => !isReservedEntityType(name), {
      error: 'this entity type is a member of every row',
      params: { code: 'reserved_name' },
    }),
  )
  .apply(z.documented, { id: 'EntityType', pattern: namePattern.source });
