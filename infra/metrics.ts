import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';

export interface MetricOptions {
  readonly statistic?: string;
  /** Minutes. Default 5. */
  readonly minutes?: number;
  readonly label?: string;
}

/** A metric that the code emits (shared/platform/embedded-metrics.ts), of a function and, of requests, a route. A test holds the two together. */
export function ownMetric(
  name: string,
  service: string,
  { route, ...options }: MetricOptions & { readonly route?: string } = {},
): Metric {
  return awsMetric('FeatureStore', name, { service, ...(route === undefined ? {} : { route }) }, options);
}

/** Sums by default. */
export function awsMetric(
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  { statistic = Stats.SUM, minutes = 5, label }: MetricOptions = {},
): Metric {
  return new Metric({
    namespace,
    metricName,
    dimensionsMap,
    statistic,
    period: Duration.minutes(minutes),
    ...(label === undefined ? {} : { label }),
  });
}

/** Metric math over metrics by their letters. */
export function formula(
  expression: string,
  usingMetrics: Record<string, IMetric>,
  { minutes = 5, label }: Pick<MetricOptions, 'minutes' | 'label'> = {},
): MathExpression {
  const period = Duration.minutes(minutes);
  return new MathExpression({ expression, usingMetrics, period, label: label ?? expression });
}
