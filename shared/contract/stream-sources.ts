import { described, nameParam, owned, registered, retentionDaysSchema, timesOfChange } from './definitions.ts';
import { type Dtype, dtypeSchema } from './dtypes.ts';
import { registryLimits } from './limits.ts';
import { nameSchema } from './names.ts';
import { nextCursorSchema, pageQuery } from './pages.ts';
import { fieldNameSchema } from './reserved-names.ts';
import { route } from './route.ts';
import { recordOf, textSchema } from './scalars.ts';
import * as z from './zod.ts';

/** What may tell events apart. */
const eventIdDtypes: readonly Dtype[] = ['string', 'int64'];

const fieldsSchema = recordOf(z.string(), dtypeSchema).check(
  z.superRefine((fields, context) => {
    const names = Object.keys(fields);
    const { fieldsOfSource } = registryLimits;
    if (names.length === 0) context.addIssue('at least one field');
    if (names.length > fieldsOfSource) context.addIssue(`at most ${fieldsOfSource} fields, not ${names.length}`);
    for (const name of names) {
      const [issue] = fieldNameSchema.safeParse(name).error?.issues ?? [];
      if (issue?.code !== 'custom') continue;
      context.addIssue({ code: 'custom', message: issue.message, params: issue.params, path: [name] });
    }
  }),
);

export const registerSourceRequestSchema = z
  .strictObject({
    name: nameSchema,
    schema: fieldsSchema.apply(z.documented, { description: 'The dtype of each field of an event' }),
    event_time: textSchema(48).apply(z.documented, {
      description: 'The field, of dtype timestamp, that says when an event happened',
    }),
    event_id: z._default(z.nullable(textSchema(48)), null).apply(z.documented, {
      description: 'The field, of dtype string or int64, that tells events apart; null: `event_id` beside them',
    }),
    retention_days: z
      .optional(retentionDaysSchema)
      .apply(z.documented, { description: 'Events older than this are refused; 0 takes all; default 90' }),
    dedupe_days: z.optional(z.int().check(z.minimum(1), z.maximum(365))).apply(z.documented, {
      description: 'How long the id of an event is remembered; default 7, or retention_days where less',
    }),
    ...described,
    ...owned,
  })
  .check(
    z.superRefine(({ schema, event_time, event_id }, context) => {
      requireField(context, schema, 'event_time', event_time, ['timestamp']);
      if (event_id !== null) requireField(context, schema, 'event_id', event_id, eventIdDtypes);
      for (const [member, chosen] of [
        ['event_time', event_time],
        ['event_id', event_id],
      ] as const) {
        // The column of that name holds what the source reads as such.
        if (chosen === member || !Object.hasOwn(schema, member)) continue;
        const message = `a field may be named ${member} only where it is the ${member} of the source`;
        context.addIssue({ code: 'custom', message, params: { code: 'reserved_name' }, path: ['schema', member] });
      }
    }),
  )
  .apply(z.documented, {
    id: 'RegisterStreamSourceRequest',
    examples: [
      {
        name: 'purchases',
        schema: { purchase_id: 'string', user_id: 'string', amount: 'float64', bought_at: 'timestamp' },
        event_time: 'bought_at',
        event_id: 'purchase_id',
      },
    ],
  });

function requireField(
  context: z.core.$RefinementCtx,
  schema: Readonly<Record<string, Dtype>>,
  member: string,
  name: string,
  dtypes: readonly Dtype[],
): void {
  const dtype = Object.hasOwn(schema, name) ? schema[name] : undefined;
  if (dtype !== undefined && dtypes.includes(dtype)) return;
  const is = dtype === undefined ? 'is none' : `is of ${dtype}`;
  context.addIssue({
    code: 'custom',
    message: `a field of the schema of dtype ${dtypes.join(' or ')}; ${JSON.stringify(name)} ${is}`,
    path: [member],
  });
}

export type RegisterSourceRequest = z.infer<typeof registerSourceRequestSchema>;

const sourceAnswerSchema = z
  .object({
    name: z.string(),
    revision: z.int(),
    schema: z.record(z.string(), dtypeSchema),
    event_time: z.string(),
    event_id: z.nullable(z.string()),
    retention_days: z.int(),
    dedupe_days: z.int(),
    description: z.string(),
    tags: z.array(z.string()),
    owner: z.nullable(z.string()),
    ...timesOfChange,
  })
  .apply(z.documented, {
    id: 'StreamSource',
    examples: [
      {
        name: 'purchases',
        revision: 1,
        schema: { purchase_id: 'string', user_id: 'string', amount: 'float64', bought_at: 'timestamp' },
        event_time: 'bought_at',
        event_id: 'purchase_id',
        retention_days: 90,
        dedupe_days: 7,
        description: '',
        tags: [],
        owner: null,
        created_at: '2026-01-31T12:00:00.000Z',
        updated_at: '2026-01-31T12:00:00.000Z',
      },
    ],
  });

export type SourceAnswer = z.infer<typeof sourceAnswerSchema>;

export const streamSourceRoutes = {
  registerSource: route({
    id: 'registerSource',
    method: 'post',
    path: '/api/v1/stream-sources',
    tag: 'streams',
    summary: 'Register a stream source, or add fields to it',
    access: 'write',
    body: registerSourceRequestSchema,
    answers: registered('stream source', sourceAnswerSchema),
    errors: ['invalid_name', 'reserved_name', 'invalid_dtype', 'version_conflict', 'unavailable'],
  }),
  listSources: route({
    id: 'listSources',
    method: 'get',
    path: '/api/v1/stream-sources',
    tag: 'streams',
    summary: 'List stream sources',
    access: 'read',
    query: z.strictObject(pageQuery),
    answers: {
      200: {
        description: 'A page, ordered by name',
        schema: z.object({ stream_sources: z.array(sourceAnswerSchema), next_cursor: nextCursorSchema }),
      },
    },
    errors: ['unavailable'],
  }),
  getSource: route({
    id: 'getSource',
    method: 'get',
    path: '/api/v1/stream-sources/{name}',
    tag: 'streams',
    summary: 'A stream source',
    access: 'read',
    params: nameParam,
    answers: { 200: { description: 'The source', schema: sourceAnswerSchema } },
    errors: ['invalid_name', 'source_not_found', 'unavailable'],
  }),
};
