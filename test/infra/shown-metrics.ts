import * as z from 'zod';
import { stackNames, type Templates } from './synthesize.ts';

export interface MetricName {
  readonly namespace: string;
  readonly name: string;
  /** By dimension. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A metric as one text, whatever the order of its dimensions. */
export function metricKey({ namespace, name, dimensions }: MetricName): string {
  const sorted = Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1));
  return [namespace, name, ...sorted.map(([key, value]) => `${key}=${value}`)].join(' ');
}

const text = z.union([z.string(), z.object({}).transform(() => 'REFERENCE')]);
const alarmMetric = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: text })).default([]),
});
const alarmSchema = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.unknown()).default([]),
  Metrics: z.array(z.object({ MetricStat: z.object({ Metric: alarmMetric }).optional() })).default([]),
});

export interface DeployedAlarm extends z.infer<typeof alarmSchema> {
  readonly id: string;
  readonly metrics: readonly MetricName[];
}

/** Every alarm of a metric, in all stacks. */
export function alarmsOf({ resources }: Templates): DeployedAlarm[] {
  return stackNames
    .flatMap((stack) => resources(stack, 'AWS::CloudWatch::Alarm'))
    .map(({ id, Properties }) => {
      const alarm = alarmSchema.parse(Properties);
      const own = alarmMetric.safeParse(Properties);
      const watched = own.success ? [own.data] : alarm.Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
      return { id, ...alarm, metrics: watched.map(nameOf) };
    });
}

function nameOf({ Namespace, MetricName, Dimensions }: z.infer<typeof alarmMetric>): MetricName {
  const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));
  return { namespace: Namespace, name: MetricName, dimensions };
}

const bodySchema = z.union([
  z.string(),
  z
    .object({ 'Fn::Join': z.tuple([z.literal(''), z.array(text)]) })
    .transform(({ 'Fn::Join': [, parts] }) => parts.join('')),
]);
const widgetsSchema = z.object({
  widgets: z.array(
    z.object({
      properties: z.object({
        title: z.string(),
        metrics: z.array(z.array(z.union([z.string(), z.looseObject({})]))).default([]),
      }),
    }),
  ),
});

export interface Widget {
  readonly dashboard: string;
  readonly title: string;
  readonly metrics: readonly MetricName[];
}

/** Every widget of every dashboard. */
export function widgetsOf({ resources }: Templates): Widget[] {
  return resources('observability', 'AWS::CloudWatch::Dashboard').flatMap(({ Properties }) => {
    const dashboard = z.string().parse(Properties.DashboardName);
    const { widgets } = widgetsSchema.parse(JSON.parse(bodySchema.parse(Properties.DashboardBody)));
    return widgets.map(({ properties: { title, metrics } }) => ({
      dashboard,
      title,
      metrics: metrics.flatMap((metric) => {
        const [namespace, name, ...dimensions] = metric.filter((part) => typeof part === 'string');
        // Metric math has no name of its own.
        if (namespace === undefined || name === undefined) return [];
        const pairs = Array.from({ length: dimensions.length / 2 }, (_, index) => dimensions.slice(2 * index));
        return [{ namespace, name, dimensions: Object.fromEntries(pairs.map(([key, value]) => [key, value ?? ''])) }];
      }),
    }));
  });
}
