import { Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export interface NetworkStackProps extends StackProps {
  readonly settings: Settings;
}

/**
 * Two zones of subnets that nothing leads out of: what the functions need of AWS they reach through endpoints, DynamoDB
 * and S3 through gateways, which are free. Who may talk to whom is all here.
 */
export class NetworkStack extends Stack {
  readonly vpc: ec2.IVpc;
  readonly functions: ec2.SecurityGroup;
  readonly database: ec2.SecurityGroup;
  readonly proxy: ec2.SecurityGroup;
  readonly cache: ec2.SecurityGroup;
  /** Of the Kafka that is made here, where one is. */
  readonly kafka: ec2.SecurityGroup | undefined;

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 20 }],
      gatewayEndpoints: {
        DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
      },
    });
    // Nothing leads out, so that what is refused is rare, and worth a look.
    vpc.addFlowLog('Refused', {
      trafficType: ec2.FlowLogTrafficType.REJECT,
      destination: ec2.FlowLogDestination.toCloudWatchLogs(
        new LogGroup(this, 'RefusedLogs', {
          retention: props.settings.logRetentionDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      ),
    });
    // The library is not written for exactOptionalPropertyTypes: its own classes miss their interfaces by an `undefined`.
    this.vpc = vpc as ec2.IVpc;
    this.functions = this.securityGroup('Functions', 'Lambda functions');
    this.database = this.securityGroup('Database', 'Aurora PostgreSQL');
    this.proxy = this.securityGroup('Proxy', 'RDS Proxy');
    this.cache = this.securityGroup('Cache', 'ElastiCache for Valkey');
    const endpoints = this.securityGroup('Endpoints', 'Interface endpoints of AWS services');

    this.functions.connections.allowTo(this.database, ec2.Port.tcp(5432), 'PostgreSQL');
    this.functions.connections.allowTo(this.proxy, ec2.Port.tcp(5432), 'PostgreSQL through the proxy');
    this.proxy.connections.allowTo(this.database, ec2.Port.tcp(5432), 'PostgreSQL');
    // 6380 answers reads from replicas; the cluster names both when it is asked for its slots.
    this.functions.connections.allowTo(this.cache, ec2.Port.tcpRange(6379, 6380), 'Valkey');
    this.functions.connections.allowTo(endpoints, ec2.Port.tcp(443), 'Secrets Manager and Kinesis');
    // A gateway endpoint's addresses are public ones; no other has a route.
    this.functions.connections.allowTo(
      ec2.Peer.anyIpv4(),
      ec2.Port.tcp(443),
      'DynamoDB and S3 through their gateway endpoints',
    );

    this.kafka = this.kafkaGroup(props.settings);

    vpc.addInterfaceEndpoint('SecretsManager', {
      service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      securityGroups: [endpoints],
      open: false,
    });
    vpc.addInterfaceEndpoint('Kinesis', {
      service: ec2.InterfaceVpcEndpointAwsService.KINESIS_STREAMS,
      securityGroups: [endpoints],
      open: false,
    });
  }

  private kafkaGroup({ msk }: Settings): ec2.SecurityGroup | undefined {
    if (msk === undefined || msk.clusterArn !== undefined) return undefined;
    const kafka = this.securityGroup('Kafka', 'Kafka of MSK');
    // Lambda's pollers stand in the cluster's own group.
    kafka.connections.allowInternally(ec2.Port.tcp(9098), 'Kafka with IAM');
    return kafka;
  }

  /** Whatever the region: asking AWS for the zones would make synth need credentials. */
  override get availabilityZones(): string[] {
    return [0, 1].map((index) => Fn.select(index, Fn.getAzs()));
  }

  private securityGroup(id: string, description: string): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false });
  }
}
