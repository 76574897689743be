import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export interface RunbookAlarmProps {
  /** With the stage's prefix: alarms of all stages stand in one list. */
  readonly alarmName: string;
  /** The heading in docs/runbook.md that says what to do, as its anchor. A test finds each. */
  readonly entry: string;
  /** What is wrong when it sounds, in half a sentence. */
  readonly says: string;
  readonly metric: cloudwatch.IMetric;
  readonly threshold: number;
  /** Default: at the threshold and above. */
  readonly comparison?: cloudwatch.ComparisonOperator;
  /** Periods looked at, all of which must be over the threshold. Default 1. */
  readonly periods?: number;
  /** What no data means. Default: all is well, since most counters of AWS are only written when they are not 0. */
  readonly missing?: cloudwatch.TreatMissingData;
  /** Who is told. Nobody: it is part of another alarm, or stops a deployment. */
  readonly alerts?: ITopic | undefined;
}

/** An alarm that says what is wrong and where it is written what to do. */
export class RunbookAlarm extends cloudwatch.Alarm {
  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    super(scope, id, {
      alarmName: props.alarmName,
      alarmDescription: describeAlarm(props),
      metric: props.metric,
      threshold: props.threshold,
      comparisonOperator: props.comparison ?? cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: props.periods ?? 1,
      treatMissingData: props.missing ?? cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    if (props.alerts !== undefined) tell(this, props.alerts);
  }
}

export interface BothAlarmsProps extends Pick<RunbookAlarmProps, 'alarmName' | 'entry' | 'says'> {
  readonly parts: readonly cloudwatch.IAlarm[];
  readonly alerts: ITopic;
}

/** Sounds while all its parts do. */
export class RunbookCompositeAlarm extends cloudwatch.CompositeAlarm {
  constructor(scope: Construct, id: string, props: BothAlarmsProps) {
    super(scope, id, {
      compositeAlarmName: props.alarmName,
      alarmDescription: describeAlarm(props),
      alarmRule: cloudwatch.AlarmRule.allOf(
        ...props.parts.map((part) => cloudwatch.AlarmRule.fromAlarm(part, cloudwatch.AlarmState.ALARM)),
      ),
    });
    tell(this, props.alerts);
  }
}

function describeAlarm({ says, entry }: Pick<RunbookAlarmProps, 'says' | 'entry'>): string {
  return `${says}. What to do: docs/runbook.md#${entry}`;
}

/** Also when it is over. */
function tell(alarm: cloudwatch.AlarmBase, alerts: ITopic): void {
  const action = new SnsAction(alerts);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
}
