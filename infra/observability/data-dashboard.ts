import { LogQueryVisualizationType, LogQueryWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { WatchedStores } from '../constructs/stores.ts';
import { awsMetric, ownMetric } from '../metrics.ts';
import { functionNameOf } from '../settings.ts';
import { type DashboardProps, dashboard, graph, type Row } from './dashboard.ts';

/** How fresh the values are, and how the stores that keep them fare. */
export function dataDashboard(scope: Construct, props: DashboardProps): void {
  const { watched } = props;
  const ofStores = watched === undefined ? [] : [postgres(watched), cache(watched)];
  dashboard(scope, 'Data', props, [freshness(props), byView(props), ...ofStores, tables(props)]);
}

function freshness({ settings }: DashboardProps): Row {
  const of = (name: 'online' | 'ingest' | 'stream' | 'maintain', metric: string, statistic: string, label: string) =>
    ownMetric(metric, functionNameOf(settings, name), {
      ...{ statistic, label },
      ...(name === 'online' ? { route: 'readOnline' } : {}),
      ...(name === 'ingest' ? { route: 'ingestRows' } : {}),
    });
  const age = 'feature_store_feature_freshness_seconds';
  const query = 'feature_store_db_query_duration_seconds';
  return [
    graph(
      'Age of the worst view',
      [of('maintain', age, Stats.MAXIMUM, 'of all views'), of('online', age, Stats.MAXIMUM, 'of those that were read')],
      { unit: 'seconds' },
    ),
    graph('Views older than they may be', [of('maintain', 'feature_store_stale_views', Stats.MAXIMUM, 'views')], {
      unit: 'views',
    }),
    graph(
      'Statements of Postgres, p99',
      (['online', 'ingest', 'stream', 'maintain'] as const).map((name) => of(name, query, Stats.p(99), name)),
      { unit: 'seconds' },
    ),
  ];
}

/** Each metric of a view would be billed by itself: what each line of the log says of its stalest one is asked for here. */
function byView({ freshnessLogs }: DashboardProps): Row {
  return [
    new LogQueryWidget({
      title: 'The stalest views that were read or measured',
      logGroupNames: [...freshnessLogs],
      queryLines: [
        'filter ispresent(stalest_view)',
        'stats max(feature_store_feature_freshness_seconds) as age_seconds by stalest_tenant, stalest_view',
        'sort age_seconds desc',
        'limit 20',
      ],
      view: LogQueryVisualizationType.TABLE,
      width: 24,
      height: 6,
    }),
  ];
}

function postgres({ cluster, proxy }: WatchedStores): Row {
  const ofCluster = (metric: string, statistic: string, label: string) =>
    awsMetric('AWS/RDS', metric, { DBClusterIdentifier: cluster }, { statistic, label });
  const ofProxy = (metric: string, label: string) =>
    awsMetric('AWS/RDS', metric, { ProxyName: proxy }, { statistic: Stats.MAXIMUM, label });
  return [
    graph('Aurora', [ofCluster('ServerlessDatabaseCapacity', Stats.AVERAGE, 'capacity units')], {
      unit: 'units',
      right: [ofCluster('ACUUtilization', Stats.MAXIMUM, '% of the greatest')],
    }),
    graph(
      'Connections',
      [
        ofCluster('DatabaseConnections', Stats.SUM, 'of Aurora'),
        ofProxy('ClientConnections', 'of the proxy’s clients'),
      ],
      { unit: 'connections', right: [ofProxy('DatabaseConnectionsCurrentlySessionPinned', 'pinned')] },
    ),
    graph('Commits and their latency', [ofCluster('CommitThroughput', Stats.AVERAGE, 'a second')], {
      unit: 'commits',
      right: [ofCluster('CommitLatency', Stats.AVERAGE, 'ms'), ofCluster('Deadlocks', Stats.MAXIMUM, 'deadlocks')],
    }),
  ];
}

function cache({ cache: clusterId }: WatchedStores): Row {
  const of = (metric: string, statistic: string, label: string) =>
    awsMetric('AWS/ElastiCache', metric, { clusterId }, { statistic, label });
  return [
    graph('Cache: size', [of('BytesUsedForCache', Stats.MAXIMUM, 'bytes')], {
      unit: 'bytes',
      right: [of('CurrItems', Stats.MAXIMUM, 'keys')],
    }),
    graph('Cache: work', [of('ElastiCacheProcessingUnits', Stats.SUM, 'processing units')], {
      unit: 'units',
      right: [of('ThrottledCmds', Stats.SUM, 'refused commands')],
    }),
    graph(
      'Cache: latency inside',
      [
        of('SuccessfulReadRequestLatency', Stats.p(99), 'reads p99'),
        of('SuccessfulWriteRequestLatency', Stats.p(99), 'writes p99'),
      ],
      { unit: 'µs' },
    ),
  ];
}

function tables({ settings }: DashboardProps): Row {
  const prefix = functionNameOf(settings, 'online').slice(0, -'online'.length);
  const each = (metric: string) =>
    ['tenants', 'api-keys', 'registry-snapshots', 'idempotency'].map((name) =>
      awsMetric('AWS/DynamoDB', metric, { TableName: `${prefix}${name}` }, { label: name }),
    );
  return [
    graph('DynamoDB: read units', each('ConsumedReadCapacityUnits'), { unit: 'units' }),
    graph('DynamoDB: write units', each('ConsumedWriteCapacityUnits'), { unit: 'units' }),
    graph('DynamoDB: refused', [...each('ReadThrottleEvents'), ...each('WriteThrottleEvents')], { unit: 'requests' }),
  ];
}
