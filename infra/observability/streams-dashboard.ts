import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { awsMetric, ownMetric } from '../metrics.ts';
import { functionNameOf, namePrefix } from '../settings.ts';
import { type DashboardProps, dashboard, graph, type Row } from './dashboard.ts';

type Consumer = 'stream' | 'msk';

/** How far behind the consumers are, what a batch takes, and what became of the records. */
export function streamsDashboard(scope: Construct, props: DashboardProps): void {
  const consumers: Consumer[] = props.settings.msk === undefined ? ['stream'] : ['stream', 'msk'];
  dashboard(scope, 'Streams', props, [behind(props), ...consumers.map((name) => consumer(props, name))]);
}

function behind({ settings }: DashboardProps): Row {
  const ofLambda = (metric: string, name: Consumer, label: string) =>
    awsMetric(
      'AWS/Lambda',
      metric,
      { FunctionName: functionNameOf(settings, name) },
      { statistic: Stats.MAXIMUM, label },
    );
  const ofStream = (metric: string, label: string) =>
    awsMetric('AWS/Kinesis', metric, { StreamName: `${namePrefix(settings)}-events` }, { label });
  return [
    graph('Age of the records that are read', [ofLambda('IteratorAge', 'stream', 'oldest')], {
      unit: 'ms',
      limit: { value: 60_000, label: 'alarm' },
    }),
    graph(
      'The stream of events',
      [ofStream('IncomingRecords', 'records in'), ofStream('GetRecords.Records', 'records out')],
      { unit: 'records', right: [ofStream('WriteProvisionedThroughputExceeded', 'refused')] },
    ),
    settings.msk === undefined
      ? graph('The stream of events', [ofStream('IncomingBytes', 'bytes in')], { unit: 'bytes' })
      : graph('Records of topics that wait', [ofLambda('OffsetLag', 'msk', 'of the worst topic')], { unit: 'records' }),
  ];
}

function consumer({ settings }: DashboardProps, name: Consumer): Row {
  const of = (metric: string, statistic: string, label: string) =>
    ownMetric(`feature_store_stream_${metric}`, functionNameOf(settings, name), { statistic, label });
  return [
    graph(
      `${name}: a batch takes`,
      [50, 99].map((percentile) => of('batch_duration_seconds', Stats.percentile(percentile), `p${percentile}`)),
      { unit: 'seconds' },
    ),
    graph(
      `${name}: events and rows`,
      [of('events_total', Stats.SUM, 'accepted'), of('duplicates_total', Stats.SUM, 'of them duplicates, dropped')],
      { unit: 'events' },
    ),
    graph(
      `${name}: records`,
      [of('dead_letters_total', Stats.SUM, 'dead letters'), of('failed_records_total', Stats.SUM, 'to come again')],
      { unit: 'records' },
    ),
  ];
}
