import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { awsMetric, ownMetric } from '../metrics.ts';
import { functionNameOf, type Settings } from '../settings.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

export interface WatchProps {
  readonly settings: Settings;
  readonly data: { readonly alerts: ITopic };
}

/** Of a consumer: what it could not take, and what has to come again. */
export function watchConsumer(
  scope: Construct,
  name: 'stream' | 'msk',
  { settings, data: { alerts } }: WatchProps,
): void {
  const functionName = functionNameOf(settings, name);
  new RunbookAlarm(scope, 'DeadLetters', {
    alarmName: `${functionName}-dead-letters`,
    entry: 'dead-letters',
    says: `${functionName} wrote records to the dead-letter bucket`,
    metric: ownMetric('feature_store_stream_dead_letters_total', functionName),
    threshold: 1,
    alerts,
  });
  new RunbookAlarm(scope, 'FailedRecords', {
    alarmName: `${functionName}-failed-records`,
    entry: 'failed-records',
    says: `${functionName} could not reach a store for 15 minutes: records are to come again`,
    metric: ownMetric('feature_store_stream_failed_records_total', functionName),
    threshold: 1,
    periods: 3,
    alerts,
  });
}

/** Of a stream of Kinesis: which records Lambda gave up. */
export function watchKinesisMapping(mapping: EventSourceMapping, id: string, props: WatchProps): void {
  const { settings, data } = props;
  const dimensions = {
    FunctionName: functionNameOf(settings, 'stream'),
    EventSourceMappingUUID: mapping.eventSourceMappingId,
  };
  const name = `${functionNameOf(settings, 'stream')}-${id.toLowerCase()}`;
  new RunbookAlarm(mapping, 'GivenUp', {
    alarmName: `${name}-given-up`,
    entry: 'records-given-up',
    says: `Lambda gave up records of ${id} and wrote them to the dead-letter bucket`,
    metric: awsMetric('AWS/Lambda', 'OnFailureDestinationDeliveredEventCount', dimensions),
    threshold: 1,
    alerts: data.alerts,
  });
  new RunbookAlarm(mapping, 'Lost', {
    alarmName: `${name}-dropped`,
    entry: 'records-given-up',
    says: `Lambda dropped records of ${id} that it could not write to the dead-letter bucket`,
    metric: awsMetric('AWS/Lambda', 'DroppedEventCount', dimensions),
    threshold: 1,
    alerts: data.alerts,
  });
}

/** How old the records are that are read now: the oldest of all streams, since by mapping there is no such metric. */
export function watchIteratorAge(scope: Construct, { settings, data: { alerts } }: WatchProps): void {
  const functionName = functionNameOf(settings, 'stream');
  new RunbookAlarm(scope, 'IteratorAge', {
    alarmName: `${functionName}-iterator-age`,
    entry: 'iterator-age',
    says: 'Records of streams are read over a minute late for 5 minutes',
    metric: awsMetric(
      'AWS/Lambda',
      'IteratorAge',
      { FunctionName: functionName },
      { statistic: Stats.MAXIMUM, minutes: 1 },
    ),
    threshold: 60_000,
    periods: 5,
    alerts,
  });
}

/** Of topics of Kafka: how many records wait. */
export function watchKafka(scope: Construct, { settings, data: { alerts } }: WatchProps): void {
  const functionName = functionNameOf(settings, 'msk');
  new RunbookAlarm(scope, 'OffsetLag', {
    alarmName: `${functionName}-lag`,
    entry: 'kafka-lag',
    says: 'Over 100,000 records of a topic wait for 15 minutes',
    metric: awsMetric('AWS/Lambda', 'OffsetLag', { FunctionName: functionName }, { statistic: Stats.MAXIMUM }),
    threshold: 100_000,
    periods: 3,
    alerts,
  });
}
