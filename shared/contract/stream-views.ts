import * as z from 'zod';
import { described, timeToLive } from './definitions.ts';
import { aggregationFunctions, filterLimits } from './limits.ts';
import { featureNameSchema, nameSchema } from './names.ts';
import { textSchema } from './scalars.ts';

/** What makes a feature view a stream view: its features are aggregations over the events of a source. */

/** Longer ones are no durations; the registry says what is wrong with shorter ones. */
const durationSchema = textSchema(32);

export const aggregationDefinitionSchema = z
  .strictObject({
    name: featureNameSchema.meta({ description: 'Of the feature that it makes' }),
    function: z.enum(aggregationFunctions, { error: `a function is one of ${aggregationFunctions.join(', ')}` }),
    field: nameSchema.nullable().default(null).meta({ description: 'Of the source; `count` alone may do without' }),
    window: durationSchema
      .nullable()
      .default(null)
      .meta({ description: 'Such as 15m, 24h, 7d; null: all events ever', examples: ['24h'] }),
    k: z.number().nullable().default(null).meta({ description: 'Of first_k, last_k, top_k: 1 to 1000 values' }),
    p: z.number().nullable().default(null).meta({ description: 'Of percentile: 0 to 1' }),
    ...timeToLive,
    ...described,
  })
  .meta({ id: 'AggregationDefinition' });

export type AggregationDefinition = z.infer<typeof aggregationDefinitionSchema>;

/** Members of a stream view's definition beside its aggregations; a batch view's has none of them. */
export const streamMembers = {
  source: nameSchema.optional().meta({ description: 'The stream source; makes this a stream view' }),
  entity_key: nameSchema.optional().meta({ description: 'The field, of string or an integer, that is the entity id' }),
  where: textSchema(4096)
    .refine((text) => text.length <= filterLimits.characters, {
      error: `at most ${filterLimits.characters} characters`,
      params: { code: 'invalid_filter' },
    })
    .nullable()
    .optional()
    .meta({ description: 'Which events count, in CEL over the fields', examples: ['amount > 0.0'] }),
  hop: durationSchema
    .nullable()
    .optional()
    .meta({ description: 'How finely windows slide, at most as coarse as the hops that follow from them' }),
};

export const streamAnswer = {
  source: z.string().optional().meta({ description: 'Of a stream view, as the members that follow' }),
  entity_key: z.string().optional(),
  where: z.string().nullable().optional(),
  hop: z.string().nullable().optional(),
  aggregations: z
    .array(
      z.object({
        name: z.string(),
        function: z.enum(aggregationFunctions),
        field: z.string().nullable(),
        window: z.string().nullable(),
        k: z.number().nullable(),
        p: z.number().nullable(),
      }),
    )
    .optional(),
};
