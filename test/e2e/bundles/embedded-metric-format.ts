import * as z from 'zod';
import type { MetricName } from '../../infra/shown-metrics.ts';

const name = z.string().min(1).max(1024);

/** CloudWatch's embedded metric format, as AWS specifies it: a line that breaks it is stored and never counted. */
const emfSchema = z
  .looseObject({
    _aws: z.strictObject({
      /** Milliseconds. */
      Timestamp: z.int().nonnegative(),
      CloudWatchMetrics: z
        .array(
          z.strictObject({
            Namespace: name.max(255),
            Dimensions: z.array(z.array(name.max(250)).min(1).max(30)).min(1),
            Metrics: z
              .array(
                z.strictObject({
                  Name: name,
                  Unit: z.enum(['Seconds', 'Count']),
                  StorageResolution: z.literal([1, 60]).optional(),
                }),
              )
              .min(1)
              .max(100),
          }),
        )
        .min(1),
    }),
  })
  .superRefine((line, context) => {
    const value = z.union([z.number(), z.array(z.number()).min(1).max(100)]);
    for (const { Dimensions, Metrics } of line._aws.CloudWatchMetrics) {
      for (const dimension of Dimensions.flat()) {
        if (!name.safeParse(line[dimension]).success) context.addIssue(`dimension ${dimension} has no text`);
      }
      for (const { Name } of Metrics) {
        if (!value.safeParse(line[Name]).success) context.addIssue(`metric ${Name} has no number`);
      }
    }
  });

/** The metrics that a line of the log stands for; none of a line that is none. Throws where one is not of the format. */
export function metricsIn(line: string): MetricName[] {
  const parsed: unknown = JSON.parse(line);
  if (!z.looseObject({ _aws: z.unknown().refine((value) => value !== undefined) }).safeParse(parsed).success) return [];
  const emf = emfSchema.parse(parsed);
  return emf._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name }) => ({
        namespace: Namespace,
        name: Name,
        dimensions: Object.fromEntries(names.map((dimension) => [dimension, z.string().parse(emf[dimension])])),
      })),
    ),
  );
}
