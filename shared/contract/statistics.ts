import { nameParam } from './definitions.ts';
import { nameSchema } from './names.ts';
import { valueSchema } from './online.ts';
import { refuse } from './refuse.ts';
import { route } from './route.ts';
import { answeredTimeSchema } from './scalars.ts';
import { parseTime, type Time } from './time.ts';
import { warningSchema } from './training.ts';
import * as z from './zod.ts';

export const statisticsLimits = { hours: 10_000 } as const;

/** A time of a query, which is always text. */
function queryTimeSchema(description: string) {
  const timeOfText = z.transform((given: string, context): Time => {
    const rule = 'a time is RFC 3339 (such as 2026-01-31T12:00:00Z), or a date';
    return parseTime(given) ?? refuse(context, rule, { code: 'invalid_time' });
  });
  return z
    .optional(z.pipe(z.string(), timeOfText))
    .apply(z.documented, { description, examples: ['2026-01-31T12:00:00Z'] });
}

const statisticsQuerySchema = z.strictObject({
  feature: nameSchema.apply(z.documented, { description: 'Name of a feature of the view' }),
  from: queryTimeSchema('Inclusive; default 24 hours before `to`'),
  to: queryTimeSchema('Exclusive; default now'),
});

export type StatisticsRequest = z.infer<typeof statisticsQuerySchema>;

const onlyNumbers = 'Of float64, float32, int64 and int32; null for the others, and where all are null';

const hourStatisticsSchema = z
  .object({
    hour: answeredTimeSchema.apply(z.documented, { description: 'Its start, UTC' }),
    count: z.int().apply(z.documented, { description: 'Rows that have a value' }),
    null_count: z.int().apply(z.documented, { description: 'Rows that have null' }),
    min: valueSchema.apply(z.documented, { description: onlyNumbers }),
    max: valueSchema.apply(z.documented, { description: onlyNumbers }),
    mean: z.nullable(z.number()).apply(z.documented, { description: onlyNumbers }),
    stddev: z.nullable(z.number()).apply(z.documented, { description: `Of the population. ${onlyNumbers}` }),
    distinct: z.nullable(z.int()).apply(z.documented, { description: 'Different values; null for numbers' }),
  })
  .apply(z.documented, { id: 'HourStatistics' });

export type HourStatistics = z.infer<typeof hourStatisticsSchema>;

const statisticsAnswerSchema = z
  .object({
    view: z.string(),
    version: z.int(),
    feature: z.string(),
    hours: z.array(hourStatisticsSchema),
    warnings: z.optional(z.array(warningSchema)),
  })
  .apply(z.documented, {
    id: 'Statistics',
    examples: [
      {
        view: 'user_profile',
        version: 1,
        feature: 'user_age',
        hours: [
          {
            hour: '2026-01-31T12:00:00.000Z',
            count: 3,
            null_count: 1,
            min: 21,
            max: 57,
            mean: 35,
            stddev: 15.748015748023622,
            distinct: null,
          },
        ],
      },
    ],
  });

export type StatisticsAnswer = z.infer<typeof statisticsAnswerSchema>;

export const statisticsRoutes = {
  readStatistics: route({
    id: 'readStatistics',
    method: 'get',
    path: '/api/v1/feature-views/{name}/statistics',
    tag: 'feature views',
    summary: 'Hourly statistics of one feature of a batch view, as of the last maintenance run',
    description: `Of all rows stored, by the hour of their event time; hours without rows are left out, and those that lie partly between \`from\` and \`to\` are answered whole. At most ${statisticsLimits.hours} hours between the two.`,
    access: 'read',
    params: nameParam,
    query: statisticsQuerySchema,
    answers: { 200: { description: 'Hours, in order', schema: statisticsAnswerSchema } },
    errors: ['invalid_name', 'invalid_time', 'feature_not_found', 'view_not_found', 'unavailable'],
  }),
};
