import { described, timeToLive } from './definitions.ts';
import { aggregationFunctions, filterLimits } from './limits.ts';
import { nameSchema } from './names.ts';
import { featureNameSchema } from './reserved-names.ts';
import { textSchema } from './scalars.ts';
import * as z from './zod.ts';

/** What makes a feature view a stream view: its features are aggregations over the events of a source. */

/** Longer ones are no durations; the registry says what is wrong with shorter ones. */
const durationSchema = textSchema(32);

const filterSchema = textSchema(4096).check(
  z.refine((text) => text.length <= filterLimits.characters, {
    error: `at most ${filterLimits.characters} characters`,
    params: { code: 'invalid_filter' },
  }),
);

export const aggregationDefinitionSchema = z
  .strictObject({
    name: featureNameSchema.apply(z.documented, { description: 'Of the feature that it makes' }),
    function: z.enum(aggregationFunctions, { error: `a function is one of ${aggregationFunctions.join(', ')}` }),
    field: z
      ._default(z.nullable(nameSchema), null)
      .apply(z.documented, { description: 'Of the source; `count` alone may do without' }),
    window: z
      ._default(z.nullable(durationSchema), null)
      .apply(z.documented, { description: 'Such as 15m, 24h, 7d; null: all events ever', examples: ['24h'] }),
    k: z
      ._default(z.nullable(z.number()), null)
      .apply(z.documented, { description: 'Of first_k, last_k, top_k: 1 to 1000 values' }),
    p: z._default(z.nullable(z.number()), null).apply(z.documented, { description: 'Of percentile: 0 to 1' }),
    ...timeToLive,
    ...described,
  })
  .apply(z.documented, { id: 'AggregationDefinition' });

export type AggregationDefinition = z.infer<typeof aggregationDefinitionSchema>;

/** Members of a stream view's definition beside its aggregations; a batch view's has none of them. */
export const streamMembers = {
  source: z.optional(nameSchema).apply(z.documented, { description: 'The stream source; makes this a stream view' }),
  entity_key: z
    .optional(nameSchema)
    .apply(z.documented, { description: 'The field, of string or an integer, that is the entity id' }),
  where: z.optional(z.nullable(filterSchema)).apply(z.documented, {
    description: 'Which events count, in CEL over the fields',
    examples: ['amount > 0.0'],
  }),
  hop: z.optional(z.nullable(durationSchema)).apply(z.documented, {
    description: 'How finely windows slide, at most as coarse as the hops that follow from them',
  }),
};

export const streamAnswer = {
  source: z.optional(z.string()).apply(z.documented, { description: 'Of a stream view, as the members that follow' }),
  entity_key: z.optional(z.string()),
  where: z.optional(z.nullable(z.string())),
  hop: z.optional(z.nullable(z.string())),
  aggregations: z.optional(
    z.array(
      z.object({
        name: z.string(),
        function: z.enum(aggregationFunctions),
        field: z.nullable(z.string()),
        window: z.nullable(z.string()),
        k: z.nullable(z.number()),
        p: z.nullable(z.number()),
      }),
    ),
  ),
};
