import { Duration } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { NodeFunction } from './node-function.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

export interface LiveAliasProps {
  readonly functionName: string;
  /** Processes kept started, and up to how many while they are busy. 0: none. */
  readonly provisioned: { readonly least: number; readonly most: number };
  /** A tenth of the calls for five minutes first; else all at once, whatever the alarms say. */
  readonly canary: boolean;
  readonly application: codedeploy.ILambdaApplication;
  /** What stops and takes back a deployment, beside the errors of the function itself. */
  readonly apiErrors: IAlarm;
  readonly alerts: ITopic;
}

/** What the gateway calls: a version of the function, and with it the processes that are kept started. */
export function liveAlias(ofFunction: NodeFunction, props: LiveAliasProps): lambda.IFunction {
  const { least, most } = props.provisioned;
  const alias = new lambda.Alias(ofFunction, 'Live', {
    aliasName: 'live',
    // The casts are for exactOptionalPropertyTypes, as in network.ts.
    version: ofFunction.currentVersion as lambda.IVersion,
    ...(least === 0 ? {} : { provisionedConcurrentExecutions: least }),
  });
  if (least > 0) scale(alias, props, least, most);
  deployGradually(alias, props);
  return alias as lambda.IFunction;
}

function scale(alias: lambda.Alias, { functionName, alerts }: LiveAliasProps, minCapacity: number, most: number): void {
  const scaling = alias.addAutoScaling({ minCapacity, maxCapacity: most });
  scaling.scaleOnUtilization({ utilizationTarget: 0.7 });
  new RunbookAlarm(alias, 'Spillover', {
    alarmName: `${functionName}-spillover`,
    entry: 'provisioned-spillover',
    says: `Over 100 calls of ${functionName} a minute found no started process for 15 minutes`,
    metric: alias.metric('ProvisionedConcurrencySpilloverInvocations', {
      statistic: 'Sum',
      period: Duration.minutes(5),
    }),
    threshold: 500,
    periods: 3,
    alerts,
  });
}

function deployGradually(alias: lambda.Alias, props: LiveAliasProps): void {
  const { functionName, canary, application, apiErrors } = props;
  const errors = new RunbookAlarm(alias, 'Errors', {
    alarmName: `${functionName}-live-errors`,
    entry: 'deployment-rolled-back',
    says: `${functionName} threw or ran out of time behind its alias; a deployment under way is taken back`,
    metric: alias.metricErrors({ period: Duration.minutes(1) }),
    threshold: 1,
  });
  new codedeploy.LambdaDeploymentGroup(alias, 'Deployment', {
    application,
    alias,
    deploymentConfig: canary
      ? codedeploy.LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES
      : codedeploy.LambdaDeploymentConfig.ALL_AT_ONCE,
    alarms: [errors, apiErrors],
    ignoreAlarmConfiguration: !canary,
    autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: canary },
  });
}
