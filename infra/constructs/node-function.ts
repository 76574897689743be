import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Bundle } from '../bundling/bundle-functions.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

export interface NodeFunctionProps {
  readonly functionName: string;
  readonly description: string;
  readonly bundle: Bundle;
  /** Where the stores are. None: they are reached over the internet. */
  readonly place: { readonly vpc: ec2.IVpc; readonly securityGroup: ec2.ISecurityGroup } | undefined;
  /** 1,769 MB is one whole processor. */
  readonly memoryMb: number;
  readonly timeout: Duration;
  readonly logRetention: logs.RetentionDays;
  /** Processes at most. */
  readonly reservedConcurrency: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** By the environment key that carries the secret's ARN; the function may read these and reads them at init. */
  readonly secrets: Secrets;
  readonly alerts: ITopic;
  /** Within five minutes. Default 1: what runs by itself should never fail. */
  readonly errorsUntilAlarm?: number;
}

/** By environment key. */
export type Secrets = Readonly<Record<string, { readonly secretArn: string }>>;

/** A function of this project on Lambda: everything that all of them share. */
export class NodeFunction extends lambda.Function {
  readonly logs: logs.ILogGroup;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const { place, secrets } = props;
    const logGroup = new logs.LogGroup(scope, `${id}Logs`, {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    super(scope, id, {
      functionName: props.functionName,
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(props.bundle.folder),
      memorySize: props.memoryMb,
      timeout: props.timeout,
      ...(place === undefined
        ? {}
        : {
            vpc: place.vpc,
            vpcSubnets: { subnets: place.vpc.isolatedSubnets },
            securityGroups: [place.securityGroup],
          }),
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
      tracing: lambda.Tracing.ACTIVE,
      logGroup,
      role: createRole(scope, id, logGroup, place !== undefined) as iam.IRole,
      environment: {
        ...props.environment,
        ...Object.fromEntries(Object.entries(secrets).map(([key, secret]) => [key, secret.secretArn])),
        // The authority of RDS's certificates, which Lambda's Node trusts only when told to.
        NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
        POWERTOOLS_SERVICE_NAME: props.functionName,
      },
    });
    this.logs = logGroup as logs.ILogGroup;
    this.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: Object.values(secrets).map(({ secretArn }) => secretArn),
      }),
    );
    this.#watch(props);
  }

  #watch({ functionName, alerts, errorsUntilAlarm = 1 }: NodeFunctionProps): void {
    const period = Duration.minutes(5);
    new RunbookAlarm(this, 'Errors', {
      alarmName: `${functionName}-errors`,
      entry: 'function-errors',
      says: `${functionName} threw, ran out of time or could not start`,
      metric: this.metricErrors({ period }),
      threshold: errorsUntilAlarm,
      alerts,
    });
    new RunbookAlarm(this, 'Throttles', {
      alarmName: `${functionName}-throttles`,
      entry: 'function-throttles',
      says: `${functionName} was called more often at once than it may run`,
      metric: this.metricThrottles({ period }),
      threshold: 1,
      alerts,
    });
  }
}

/** In place of AWS's managed policies, which let a function write to, and make, every log group of the account. */
function createRole(scope: Construct, id: string, logGroup: logs.LogGroup, isInVpc: boolean): iam.Role {
  const role = new iam.Role(scope, `${id}Role`, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  if (isInVpc) {
    // How Lambda puts the function into the network. The interfaces are not there yet, so no resource can be named.
    const actions = [
      'CreateNetworkInterface',
      'DescribeNetworkInterfaces',
      'DescribeSubnets',
      'DeleteNetworkInterface',
    ];
    const addresses = ['AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'];
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: [...actions, ...addresses].map((action) => `ec2:${action}`),
        resources: ['*'],
      }),
    );
  }
  return role;
}
