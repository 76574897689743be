import { Stack, type StackProps } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { RunbookAlarm } from '../constructs/runbook-alarm.ts';
import { ownMetric } from '../metrics.ts';
import { costDashboard } from '../observability/cost-dashboard.ts';
import { dataDashboard } from '../observability/data-dashboard.ts';
import { serviceDashboard } from '../observability/service-dashboard.ts';
import { sloAlarms } from '../observability/slo-alarms.ts';
import { streamsDashboard } from '../observability/streams-dashboard.ts';
import { functionNameOf, namePrefix, type Settings } from '../settings.ts';
import type { ApiStack } from './api.ts';
import type { DataStack } from './data.ts';
import type { JobsStack } from './jobs.ts';

export interface ObservabilityStackProps extends StackProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly jobs: JobsStack;
  readonly api: ApiStack;
}

/** What is seen of the whole: dashboards, and alarms of what no single resource says. The others stand beside what they watch. */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, { settings, data, jobs, api, ...props }: ObservabilityStackProps) {
    super(scope, id, props);
    const { alerts } = data;
    sloAlarms(this, { settings, apiId: api.apiId, alerts });
    new RunbookAlarm(this, 'StaleViews', {
      alarmName: `${namePrefix(settings)}-stale-views`,
      entry: 'stale-views',
      says: 'Views are older than their max_staleness_seconds for 15 minutes',
      metric: ownMetric('feature_store_stale_views', functionNameOf(settings, 'maintain'), {
        statistic: Stats.MAXIMUM,
      }),
      threshold: 1,
      periods: 3,
      alerts,
    });
    const freshnessLogs = [jobs.maintainLogs, api.onlineLogs].map(({ logGroupName }) => logGroupName);
    const shown = { settings, apiId: api.apiId, watched: data.stores.watched, freshnessLogs };
    serviceDashboard(this, shown);
    dataDashboard(this, shown);
    streamsDashboard(this, shown);
    costDashboard(this, shown);
  }
}
