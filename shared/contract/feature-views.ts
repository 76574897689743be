import {
  described,
  nameParam,
  owned,
  registered,
  retentionDaysSchema,
  timesOfChange,
  timeToLive,
  versionSchema,
} from './definitions.ts';
import { dtypeSchema } from './dtypes.ts';
import { registryLimits } from './limits.ts';
import { nameSchema } from './names.ts';
import { nextCursorSchema, pageQuery } from './pages.ts';
import { refuse } from './refuse.ts';
import { entityTypeSchema, featureNameSchema } from './reserved-names.ts';
import { route } from './route.ts';
import { boundedList } from './scalars.ts';
import {
  type AggregationDefinition,
  aggregationDefinitionSchema,
  streamAnswer,
  streamMembers,
} from './stream-views.ts';
import * as z from './zod.ts';

const featureDefinitionSchema = z
  .strictObject({ name: featureNameSchema, dtype: dtypeSchema, ...timeToLive, ...described })
  .apply(z.documented, { id: 'FeatureDefinition' });

export type FeatureDefinition = z.infer<typeof featureDefinitionSchema>;

/** As it comes: of a batch view with `features`, or of a stream view with `source` and `aggregations`. */
const viewRequestSchema = z.strictObject({
  name: nameSchema,
  version: z.optional(versionSchema),
  entity_type: entityTypeSchema,
  features: z
    .optional(boundedList(featureDefinitionSchema, registryLimits.featuresOfView, 'too_many_features'))
    .apply(z.documented, { description: 'Of a batch view, whose rows are ingested' }),
  ...streamMembers,
  aggregations: z
    .optional(boundedList(aggregationDefinitionSchema, registryLimits.featuresOfView, 'too_many_features'))
    .apply(z.documented, { description: 'Of a stream view, one for each feature' }),
  ...timeToLive,
  ...described,
  ...owned,
  retention_days: z
    .optional(retentionDaysSchema)
    .apply(z.documented, { description: 'Rows older than this are refused; 0 takes all; default 90' }),
  max_staleness_seconds: z
    ._default(z.nullable(z.int().check(z.positive(), z.maximum(3_153_600_000))), null)
    .apply(z.documented, {
      description:
        'How old the newest row may be before the view counts as stale (metric feature_store_stale_views); no read looks at it',
    }),
});

export const registerViewRequestSchema = z
  .pipe(
    viewRequestSchema,
    z.transform((given, context): RegisterViewRequest => {
      const { features, source, entity_key, where, hop, aggregations, ...common } = given;
      if (source === undefined) {
        if (features === undefined)
          return refuse(context, 'needed, or source and aggregations', { path: ['features'] });
        for (const [member, value] of Object.entries({ entity_key, where, hop, aggregations })) {
          if (value !== undefined) return refuse(context, `needed beside ${member}`, { path: ['source'] });
        }
        refuseTwice(context, 'features', features);
        return { ...common, features };
      }
      if (features !== undefined)
        return refuse(context, 'a stream view has aggregations instead', { path: ['features'] });
      if (entity_key === undefined) return refuse(context, 'needed beside source', { path: ['entity_key'] });
      if (aggregations === undefined) return refuse(context, 'needed beside source', { path: ['aggregations'] });
      refuseTwice(context, 'aggregations', aggregations);
      return { ...common, stream: { source, entity_key, where: where ?? null, hop: hop ?? null, aggregations } };
    }),
  )
  .apply(z.documented, {
    id: 'RegisterViewRequest',
    examples: [
      {
        name: 'user_profile',
        entity_type: 'user',
        ttl_hours: 48,
        features: [
          { name: 'user_age', dtype: 'int64' },
          { name: 'country', dtype: 'string', tags: ['geography'] },
        ],
      },
      {
        name: 'user_spend',
        entity_type: 'user',
        source: 'purchases',
        entity_key: 'user_id',
        where: 'amount > 0.0',
        aggregations: [
          { name: 'spend_24h', function: 'sum', field: 'amount', window: '24h' },
          { name: 'purchases_7d', function: 'count', window: '7d' },
        ],
      },
    ],
  });

function refuseTwice(context: z.core.ParsePayload, member: string, named: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const [index, { name }] of named.entries()) {
    if (seen.has(name)) refuse(context, `feature ${name} stands twice`, { path: [member, index, 'name'] });
    seen.add(name);
  }
}

type CommonMembers = Omit<z.infer<typeof viewRequestSchema>, keyof typeof streamMembers | 'features' | 'aggregations'>;

export interface BatchViewRequest extends CommonMembers {
  readonly features: readonly FeatureDefinition[];
}

export interface StreamViewRequest extends CommonMembers {
  readonly stream: {
    readonly source: string;
    readonly entity_key: string;
    readonly where: string | null;
    readonly hop: string | null;
    readonly aggregations: readonly AggregationDefinition[];
  };
}

export type RegisterViewRequest = BatchViewRequest | StreamViewRequest;

const backfillSchema = z
  .object({
    status: z.enum(['waiting', 'running', 'done']),
    events_done: z.int(),
    events_total: z.nullable(z.int()).apply(z.documented, { description: 'Null until they are counted' }),
  })
  .apply(z.documented, {
    id: 'Backfill',
    description:
      'Of a stream view that is read by its name: how far it is with the events that its source had before it. Left out where it had none, and while Postgres is away',
  });

const viewAnswerSchema = z
  .object({
    name: z.string(),
    version: z.int(),
    revision: z.int(),
    entity_type: z.string(),
    features: z.array(
      z.object({
        name: z.string(),
        dtype: dtypeSchema,
        ttl_hours: z.nullable(z.number()),
        description: z.string(),
        tags: z.array(z.string()),
      }),
    ),
    ttl_hours: z.nullable(z.number()),
    description: z.string(),
    tags: z.array(z.string()),
    owner: z.nullable(z.string()),
    retention_days: z.int(),
    max_staleness_seconds: z.nullable(z.int()),
    ...streamAnswer,
    backfill: z.optional(backfillSchema),
    ...timesOfChange,
  })
  .apply(z.documented, {
    id: 'FeatureView',
    examples: [
      {
        name: 'user_profile',
        version: 1,
        revision: 1,
        entity_type: 'user',
        features: [{ name: 'user_age', dtype: 'int64', ttl_hours: null, description: '', tags: [] }],
        ttl_hours: 48,
        description: '',
        tags: [],
        owner: null,
        retention_days: 90,
        max_staleness_seconds: null,
        created_at: '2026-01-31T12:00:00.000Z',
        updated_at: '2026-01-31T12:00:00.000Z',
      },
    ],
  });

export type ViewAnswer = z.infer<typeof viewAnswerSchema>;

const viewWithVersionsSchema = z
  .extend(viewAnswerSchema, { versions: z.array(viewAnswerSchema) })
  .apply(z.documented, { id: 'FeatureViewWithVersions' });

export const featureViewRoutes = {
  registerView: route({
    id: 'registerView',
    method: 'post',
    path: '/api/v1/feature-views',
    tag: 'feature views',
    summary: 'Register a feature view, or its next version or revision',
    access: 'write',
    body: registerViewRequestSchema,
    answers: registered('feature view', viewAnswerSchema),
    errors: [
      'invalid_name',
      'reserved_name',
      'invalid_dtype',
      'invalid_window',
      'invalid_aggregation',
      'invalid_filter',
      'too_many_features',
      'source_not_found',
      'version_conflict',
      'unavailable',
    ],
  }),
  listViews: route({
    id: 'listViews',
    method: 'get',
    path: '/api/v1/feature-views',
    tag: 'feature views',
    summary: 'List feature views',
    access: 'read',
    query: z.strictObject(pageQuery),
    answers: {
      200: {
        description: 'A page, ordered by name',
        schema: z.object({ feature_views: z.array(viewAnswerSchema), next_cursor: nextCursorSchema }),
      },
    },
    errors: ['unavailable'],
  }),
  getView: route({
    id: 'getView',
    method: 'get',
    path: '/api/v1/feature-views/{name}',
    tag: 'feature views',
    summary: 'A feature view with its versions',
    access: 'read',
    params: nameParam,
    answers: {
      200: {
        description: 'The newest version (or the one named as name@version) and all versions',
        schema: viewWithVersionsSchema,
      },
    },
    errors: ['invalid_name', 'view_not_found', 'unavailable'],
  }),
};
