import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { RunbookAlarm, RunbookCompositeAlarm } from '../constructs/runbook-alarm.ts';
import { awsMetric, formula, ownMetric } from '../metrics.ts';
import { functionNameOf, namePrefix, type Settings } from '../settings.ts';

export interface SloProps {
  readonly settings: Settings;
  readonly apiId: string;
  readonly alerts: ITopic;
}

/**
 * The windows of Google's SRE workbook, chapter 5: at 14.4 times the allowed rate 2 % of a month's budget are gone in an
 * hour, at 6 times 5 % in six. The short window says that it goes on, so that an alarm ends soon after its cause.
 */
const burns = [
  { id: 'Fast', rate: 14.4, windows: [60, 5] },
  { id: 'Slow', rate: 6, windows: [360, 30] },
] as const;

/** Alarms of how fast the budgets of the objectives are used up: of answers without a fault, and of quick online reads. */
export function sloAlarms(scope: Construct, props: SloProps): void {
  const { settings } = props;
  const { availability, latencyShare, latencyMillis } = settings.slo;
  burnAlarms(scope, props, {
    id: 'Availability',
    entry: 'slo-availability',
    says: `The budget of ${percent(1 - availability)} failed calls`,
    allowedPercent: 100 * (1 - availability),
    badPercent: (minutes) => failedPercent(props.apiId, minutes),
  });
  burnAlarms(scope, props, {
    id: 'Latency',
    entry: 'slo-latency',
    says: `The budget of ${percent(1 - latencyShare)} online reads over ${latencyMillis} ms`,
    allowedPercent: 100 * (1 - latencyShare),
    badPercent: (minutes) => slowPercent(settings, minutes),
  });
}

interface Objective {
  readonly id: string;
  readonly entry: string;
  readonly says: string;
  readonly allowedPercent: number;
  /** Of the calls of so many minutes. */
  readonly badPercent: (minutes: number) => ReturnType<typeof formula>;
}

function burnAlarms(scope: Construct, { settings, alerts }: SloProps, objective: Objective): void {
  for (const { id, rate, windows } of burns) {
    const alarmName = `${namePrefix(settings)}-${objective.entry}-${id.toLowerCase()}`;
    const says = `${objective.says} burns ${rate} times as fast as it may`;
    const parts = windows.map(
      (minutes) =>
        new RunbookAlarm(scope, `${objective.id}${id}${minutes}`, {
          alarmName: `${alarmName}-${minutes}m`,
          entry: objective.entry,
          says: `${says}, over ${minutes} minutes`,
          metric: objective.badPercent(minutes),
          threshold: rate * objective.allowedPercent,
        }),
    );
    new RunbookCompositeAlarm(scope, `${objective.id}${id}`, {
      ...{ alarmName, says, parts, alerts },
      entry: objective.entry,
    });
  }
}

/** As the gateway counts, which sees time-outs and throttles too. Of fewer than 20 calls no share is told. */
export function failedPercent(apiId: string, minutes: number): ReturnType<typeof formula> {
  const ofApi = { ApiId: apiId };
  return formula(
    'IF(calls >= 20, 100 * failed / calls, 0)',
    {
      failed: awsMetric('AWS/ApiGateway', '5xx', ofApi, { minutes }),
      calls: awsMetric('AWS/ApiGateway', 'Count', ofApi, { minutes }),
    },
    { minutes, label: 'failed calls, %' },
  );
}

export function slowPercent(settings: Settings, minutes: number): ReturnType<typeof formula> {
  const metric = (statistic: string) =>
    ownMetric('feature_store_api_latency_seconds', functionNameOf(settings, 'online'), {
      ...{ route: 'readOnline', statistic, minutes },
    });
  return formula(
    'IF(calls >= 20, 100 - quick, 0)',
    {
      quick: metric(Stats.percentileRank(0, settings.slo.latencyMillis / 1000)),
      calls: metric(Stats.SAMPLE_COUNT),
    },
    { minutes, label: `reads over ${settings.slo.latencyMillis} ms, %` },
  );
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
