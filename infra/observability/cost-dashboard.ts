import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { awsMetric, formula } from '../metrics.ts';
import { functionNameOf, namePrefix } from '../settings.ts';
import { type DashboardProps, dashboard, graph, type Row } from './dashboard.ts';

const names = ['online', 'ingest', 'registry', 'stream', 'sweep', 'maintain', 'backfill'] as const;

/** What is paid for, in the units it is paid by; docs/deployment.md has the model of what they cost. */
export function costDashboard(scope: Construct, props: DashboardProps): void {
  dashboard(scope, 'Cost', props, [functions(props), stores(props), traffic(props)]);
}

function functions({ settings }: DashboardProps): Row {
  const of = (metric: string) =>
    names.map((name) =>
      awsMetric('AWS/Lambda', metric, { FunctionName: functionNameOf(settings, name) }, { minutes: 60, label: name }),
    );
  const live = {
    FunctionName: functionNameOf(settings, 'online'),
    Resource: `${functionNameOf(settings, 'online')}:live`,
  };
  return [
    graph('Lambda: time, an hour', of('Duration'), { unit: 'ms' }),
    graph('Lambda: calls, an hour', of('Invocations'), { unit: 'calls' }),
    graph(
      'Lambda: processes kept started',
      [awsMetric('AWS/Lambda', 'ProvisionedConcurrentExecutions', live, { statistic: Stats.MAXIMUM, minutes: 60 })],
      { unit: 'processes' },
    ),
  ];
}

function stores({ settings, watched }: DashboardProps): Row {
  const stream = { StreamName: `${namePrefix(settings)}-events` };
  const kinesis = graph(
    'Kinesis: bytes, an hour',
    ['IncomingBytes', 'GetRecords.Bytes'].map((name) =>
      awsMetric('AWS/Kinesis', name, stream, { minutes: 60, label: name }),
    ),
    { unit: 'bytes' },
  );
  if (watched === undefined) return [kinesis];
  const ofCluster = { DBClusterIdentifier: watched.cluster };
  const ofCache = { clusterId: watched.cache };
  return [
    graph(
      'Aurora: capacity units on average',
      [awsMetric('AWS/RDS', 'ServerlessDatabaseCapacity', ofCluster, { statistic: Stats.AVERAGE, minutes: 60 })],
      {
        unit: 'units',
        right: [awsMetric('AWS/RDS', 'VolumeBytesUsed', ofCluster, { statistic: Stats.MAXIMUM, minutes: 60 })],
      },
    ),
    graph(
      'Cache: processing units, an hour',
      [awsMetric('AWS/ElastiCache', 'ElastiCacheProcessingUnits', ofCache, { minutes: 60 })],
      {
        unit: 'units',
        right: [awsMetric('AWS/ElastiCache', 'BytesUsedForCache', ofCache, { statistic: Stats.MAXIMUM, minutes: 60 })],
      },
    ),
    kinesis,
  ];
}

function traffic({ settings, apiId }: DashboardProps): Row {
  const tables = ['tenants', 'api-keys', 'registry-snapshots', 'idempotency'].map(
    (name) => `${namePrefix(settings)}-${name}`,
  );
  const units = (metric: string, letter: string, label: string) =>
    formula(
      tables.map((_, index) => `${letter}${index}`).join(' + '),
      Object.fromEntries(
        tables.map((TableName, index) => [
          `${letter}${index}`,
          awsMetric('AWS/DynamoDB', metric, { TableName }, { minutes: 60 }),
        ]),
      ),
      { minutes: 60, label },
    );
  return [
    graph('Gateway: calls, an hour', [awsMetric('AWS/ApiGateway', 'Count', { ApiId: apiId }, { minutes: 60 })], {
      unit: 'calls',
      right: [awsMetric('AWS/ApiGateway', 'DataProcessed', { ApiId: apiId }, { minutes: 60 })],
    }),
    graph(
      'DynamoDB: units, an hour',
      [units('ConsumedReadCapacityUnits', 'r', 'read'), units('ConsumedWriteCapacityUnits', 'w', 'written')],
      { unit: 'units' },
    ),
    graph(
      'The bill so far this month, as AWS estimates it (of the whole account; in us-east-1 alone)',
      [awsMetric('AWS/Billing', 'EstimatedCharges', { Currency: 'USD' }, { statistic: Stats.MAXIMUM, minutes: 360 })],
      { unit: 'USD' },
    ),
  ];
}
