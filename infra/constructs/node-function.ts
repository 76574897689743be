import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Bundle } from '../bundle-functions.ts';

export interface NodeFunctionProps {
  readonly functionName: string;
  readonly description: string;
  readonly bundle: Bundle;
  readonly vpc: ec2.IVpc;
  readonly securityGroup: ec2.ISecurityGroup;
  /** 1,769 MB is one whole processor. */
  readonly memoryMb: number;
  readonly timeout: Duration;
  readonly logRetention: logs.RetentionDays;
  readonly environment: Readonly<Record<string, string>>;
  /** By the environment key that carries the secret's ARN; the function may read these and reads them at init. */
  readonly secrets: Secrets;
}

/** By environment key. */
export type Secrets = Readonly<Record<string, { readonly secretArn: string }>>;

/** A function of this project on Lambda: everything that all of them share. */
export class NodeFunction extends lambda.Function {
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const { bundle, memoryMb, securityGroup, logRetention, secrets, environment, ...own } = props;
    super(scope, id, {
      ...own,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(bundle.folder),
      memorySize: memoryMb,
      vpcSubnets: { subnets: props.vpc.isolatedSubnets },
      securityGroups: [securityGroup],
      tracing: lambda.Tracing.ACTIVE,
      logGroup: new logs.LogGroup(scope, `${id}Logs`, {
        retention: logRetention,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      environment: {
        ...environment,
        ...Object.fromEntries(Object.entries(secrets).map(([key, secret]) => [key, secret.secretArn])),
        NODE_OPTIONS: '--enable-source-maps',
        // The authority of RDS's certificates, which Lambda's Node trusts only when told to.
        NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
        POWERTOOLS_SERVICE_NAME: own.functionName,
      },
    });
    this.addToRolePolicy(
      new iam.PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: Object.values(secrets).map(({ secretArn }) => secretArn),
      }),
    );
  }
}
