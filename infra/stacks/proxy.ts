import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { addressOf, groupAsItIs } from '../constructs/managed-stores.ts';
import { RunbookAlarm } from '../constructs/runbook-alarm.ts';
import { awsMetric } from '../metrics.ts';
import { namePrefix, type Settings } from '../settings.ts';
import type { DataStack } from './data.ts';
import type { NetworkStack } from './network.ts';

export interface ProxyStackProps extends StackProps {
  readonly settings: Settings;
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly cluster: rds.DatabaseCluster;
}

/**
 * A thousand processes of Lambda would hold as many connections; through RDS Proxy they share a few. What sets session
 * settings, takes advisory locks or copies goes past it: each would pin its connection.
 *
 * A stack of its own, after the migrations: CloudFormation waits until the proxy can log in, as roles that they make.
 */
export class ProxyStack extends Stack {
  readonly postgresUrl: string;

  constructor(scope: Construct, id: string, { settings, network, data, cluster, ...props }: ProxyStackProps) {
    super(scope, id, props);
    const dbProxyName = namePrefix(settings);
    const proxy = new rds.DatabaseProxy(this, 'Proxy', {
      proxyTarget: rds.ProxyTarget.fromCluster(cluster),
      dbProxyName,
      secrets: [data.secrets.writer, data.secrets.reader] as ISecret[],
      vpc: network.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      securityGroups: [groupAsItIs(this, 'ProxyGroup', network.proxy)],
      requireTLS: true,
      clientPasswordAuthType: rds.ClientPasswordAuthType.POSTGRES_SCRAM_SHA_256,
      // A request gives up after 2 s of its own.
      borrowTimeout: Duration.seconds(2),
      // The rest is for the registry and the jobs.
      maxConnectionsPercent: 80,
      maxIdleConnectionsPercent: 20,
    });
    this.postgresUrl = addressOf(proxy.endpoint);
    new RunbookAlarm(this, 'Pinned', {
      alarmName: `${dbProxyName}-proxy-pinned`,
      entry: 'proxy-pinned',
      says: 'Connections of RDS Proxy are pinned to single processes',
      metric: awsMetric(
        'AWS/RDS',
        'DatabaseConnectionsCurrentlySessionPinned',
        { ProxyName: dbProxyName },
        { statistic: Stats.AVERAGE },
      ),
      threshold: 5,
      periods: 3,
      alerts: data.alerts,
    });
  }
}
