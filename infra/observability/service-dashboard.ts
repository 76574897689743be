import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { awsMetric, formula, ownMetric } from '../metrics.ts';
import { functionNameOf } from '../settings.ts';
import { type DashboardProps, dashboard, graph, type Row } from './dashboard.ts';
import { failedPercent, slowPercent } from './slo-alarms.ts';

/** Routes that stand by themselves; what the registry answers besides is rare. */
const routes = [
  { route: 'readOnline', name: 'online' },
  { route: 'ingestRows', name: 'ingest' },
  { route: 'writeEvents', name: 'ingest' },
  { route: 'readBatch', name: 'registry' },
] as const;

const names = ['online', 'ingest', 'registry'] as const;

/** How callers fare: latency, throughput and errors by route, the cache's hit rate, and the processes behind it. */
export function serviceDashboard(scope: Construct, props: DashboardProps): void {
  dashboard(scope, 'Service', props, [objectives(props), requests(props), processes(props), limits(props)]);
}

function objectives({ settings, apiId }: DashboardProps): Row {
  const { availability, latencyShare, latencyMillis } = settings.slo;
  const allowed = (share: number) => ({ value: 100 * (1 - share), label: 'allowed in a month' });
  return [
    graph('Failed calls', [failedPercent(apiId, 5)], { unit: '%', limit: allowed(availability) }),
    graph(`Online reads over ${latencyMillis} ms`, [slowPercent(settings, 5)], {
      unit: '%',
      limit: allowed(latencyShare),
    }),
    graph(
      'Calls, as the gateway counts',
      ['Count', '4xx', '5xx'].map((name) => awsMetric('AWS/ApiGateway', name, { ApiId: apiId }, { label: name })),
      { unit: 'calls' },
    ),
  ];
}

function requests({ settings }: DashboardProps): Row {
  const ofRoute = (metric: string, { route, name }: (typeof routes)[number], statistic: string, label: string) =>
    ownMetric(metric, functionNameOf(settings, name), { route, statistic, label });
  const cache = (metric: string) =>
    ownMetric(`feature_store_cache_${metric}_total`, functionNameOf(settings, 'online'), { route: 'readOnline' });
  const latency = routes.flatMap((of) =>
    [50, 95, 99].map((percentile) =>
      ofRoute('feature_store_api_latency_seconds', of, Stats.percentile(percentile), `${of.route} p${percentile}`),
    ),
  );
  return [
    graph('Latency by route', latency, { unit: 'seconds' }),
    graph(
      'Requests and errors by route',
      routes.map((of) => ofRoute('feature_store_api_requests_total', of, Stats.SUM, of.route)),
      {
        unit: 'requests',
        right: routes.map((of) => ofRoute('feature_store_api_errors_total', of, Stats.SUM, `${of.route} errors`)),
      },
    ),
    graph(
      'Hit rate of the cache',
      [formula('100 * hits / (hits + misses)', { hits: cache('hits'), misses: cache('misses') }, { label: 'hits, %' })],
      { unit: '%' },
    ),
  ];
}

function processes({ settings }: DashboardProps): Row {
  const of = (metric: string, statistic: string) =>
    names.map((name) =>
      awsMetric('AWS/Lambda', metric, { FunctionName: functionNameOf(settings, name) }, { statistic, label: name }),
    );
  const live = {
    FunctionName: functionNameOf(settings, 'online'),
    Resource: `${functionNameOf(settings, 'online')}:live`,
  };
  const provisioned = (metric: string, statistic: string, label: string) =>
    awsMetric('AWS/Lambda', metric, live, { statistic, label });
  return [
    graph(
      'Started processes of online that are busy',
      [provisioned('ProvisionedConcurrencyUtilization', Stats.MAXIMUM, 'share')],
      {
        unit: 'share',
        right: [provisioned('ProvisionedConcurrencySpilloverInvocations', Stats.SUM, 'calls that found none')],
      },
    ),
    graph('Processes at once', of('ConcurrentExecutions', Stats.MAXIMUM), {
      unit: 'processes',
      right: of('Throttles', Stats.SUM),
    }),
    graph(
      'Cold starts that a caller waited for',
      names.map((name) => ownMetric('ColdStart', functionNameOf(settings, name), { label: name })),
      { unit: 'starts', right: of('Errors', Stats.SUM) },
    ),
  ];
}

/** Which tenant it was stands in the log, under the status 429. */
function limits({ settings }: DashboardProps): Row {
  const refused = routes.map(({ route, name }) =>
    ownMetric('feature_store_rate_limited_requests_total', functionNameOf(settings, name), { route, label: route }),
  );
  return [graph('Requests refused for a limit', refused, { unit: 'requests' })];
}
