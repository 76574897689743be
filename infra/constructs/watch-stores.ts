import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { awsMetric } from '../metrics.ts';
import type { ManagedSettings } from '../store-settings.ts';
import { RunbookAlarm, type RunbookAlarmProps } from './runbook-alarm.ts';
import type { WatchedStores } from './stores.ts';

export interface WatchStoresProps {
  readonly watched: WatchedStores;
  readonly stores: ManagedSettings;
  readonly alerts: ITopic;
}

/** Alarms of the database and the cache: what fills up and what is refused. */
export function watchStores(scope: Construct, { watched, stores, alerts }: WatchStoresProps): void {
  const alarm = (id: string, props: Omit<RunbookAlarmProps, 'alarmName' | 'alerts'>): void => {
    new RunbookAlarm(scope, id, { alarmName: `${watched.cluster}-${props.entry}`, alerts, ...props });
  };
  const ofDatabase = { DBClusterIdentifier: watched.cluster };
  const ofCache = { clusterId: watched.cache };

  alarm('DatabaseCapacity', {
    entry: 'database-capacity',
    says: 'Aurora has used over 90 % of its greatest capacity for 15 minutes',
    metric: awsMetric('AWS/RDS', 'ACUUtilization', ofDatabase, { statistic: Stats.AVERAGE }),
    threshold: 90,
    periods: 3,
  });
  alarm('DatabaseDeadlocks', {
    entry: 'database-deadlocks',
    says: 'Transactions of Aurora waited for each other',
    // Per second.
    metric: awsMetric('AWS/RDS', 'Deadlocks', ofDatabase, { statistic: Stats.MAXIMUM }),
    threshold: 0.01,
  });
  alarm('CacheFull', {
    entry: 'cache-full',
    says: 'The cache holds over 80 % of what it may',
    metric: awsMetric('AWS/ElastiCache', 'BytesUsedForCache', ofCache, { statistic: Stats.MAXIMUM }),
    threshold: 0.8 * stores.cache.maxGigabytes * 1e9,
    periods: 3,
  });
  alarm('CacheThrottled', {
    entry: 'cache-throttled',
    says: 'The cache refuses commands: it is asked for more than it may do a second',
    metric: awsMetric('AWS/ElastiCache', 'ThrottledCmds', ofCache),
    threshold: 1,
  });
}
