import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CfnServerlessCache } from 'aws-cdk-lib/aws-elasticache';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { namePrefix, type Settings } from '../settings.ts';
import type { NetworkStack } from '../stacks/network.ts';
import type { ManagedSettings } from '../store-settings.ts';
import type { Stores } from './stores.ts';
import { watchStores } from './watch-stores.ts';

export interface ManagedStoresProps {
  readonly settings: Settings;
  readonly stores: ManagedSettings;
  readonly network: NetworkStack;
  readonly alerts: ITopic;
}

const databaseName = 'feature_store';

/** Aurora and Valkey, in the isolated subnets. */
export function managedStores(scope: Construct, props: ManagedStoresProps): Stores {
  const database = createDatabase(scope, props);
  if (database.secret === undefined) throw new Error('the database has no secret of its master');
  const cache = createCache(scope, props);
  const name = namePrefix(props.settings);
  const watched = { cluster: name, proxy: name, cache: name };
  watchStores(scope, { ...props, watched });
  return {
    postgresUrl: addressOf(database.clusterEndpoint.hostname),
    adminSecret: database.secret,
    // Serverless is always a cluster behind one name, and always speaks TLS.
    cache: { environment: { REDIS_URL: `rediss-cluster://${cache.attrEndpointAddress}:6379` }, secrets: {} },
    cluster: database,
    watched,
  };
}

/** As verified against its certificate. */
export function addressOf(host: string): string {
  return `postgres://${host}:5432/${databaseName}?sslmode=verify-full`;
}

function createDatabase(scope: Construct, { settings, stores, network }: ManagedStoresProps): rds.DatabaseCluster {
  const { protectsData } = settings;
  const { minCapacity, maxCapacity, readers } = stores.database;
  const clusterIdentifier = namePrefix(settings);
  // RDS would make it itself, and keep the lines for ever.
  const logGroup = new LogGroup(scope, 'DatabaseLogs', {
    logGroupName: `/aws/rds/cluster/${clusterIdentifier}/postgresql`,
    retention: settings.logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const instance = { publiclyAccessible: false, autoMinorVersionUpgrade: true };
  const cluster = new rds.DatabaseCluster(scope, 'Database', {
    clusterIdentifier,
    engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_17_7 }),
    credentials: rds.Credentials.fromUsername('feature_store_admin'),
    // RDS changes its password each week; nobody but `migrate` reads it.
    manageMasterUserPassword: true,
    defaultDatabaseName: databaseName,
    vpc: network.vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    securityGroups: [groupAsItIs(scope, 'DatabaseGroup', network.database)],
    serverlessV2MinCapacity: minCapacity,
    serverlessV2MaxCapacity: maxCapacity,
    writer: rds.ClusterInstance.serverlessV2('writer', instance),
    readers: Array.from({ length: readers }, (_, index) =>
      rds.ClusterInstance.serverlessV2(`reader${index + 1}`, { ...instance, scaleWithWriter: true }),
    ),
    parameters: { 'rds.force_ssl': '1' },
    storageEncrypted: true,
    iamAuthentication: true,
    backup: { retention: Duration.days(protectsData ? 14 : 1) },
    cloudwatchLogsExports: ['postgresql'],
    monitoringInterval: Duration.minutes(1),
    copyTagsToSnapshot: true,
    deletionProtection: protectsData,
    removalPolicy: protectsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  cluster.node.addDependency(logGroup);
  return cluster;
}

/** Who may talk to whom is all in the network's stack: the CDK would add a rule there of the database's port, in a circle. */
export function groupAsItIs(scope: Construct, id: string, { securityGroupId }: ec2.SecurityGroup): ec2.ISecurityGroup {
  return ec2.SecurityGroup.fromSecurityGroupId(scope, id, securityGroupId, { mutable: false });
}

function createCache(scope: Construct, { settings, stores, network }: ManagedStoresProps): CfnServerlessCache {
  const { maxGigabytes, maxEcpuPerSecond } = stores.cache;
  return new CfnServerlessCache(scope, 'Cache', {
    serverlessCacheName: namePrefix(settings),
    description: 'Newest row of each entity; all of it can be read again from Postgres',
    engine: 'valkey',
    majorEngineVersion: '8',
    subnetIds: network.vpc.isolatedSubnets.map(({ subnetId }) => subnetId),
    securityGroupIds: [network.cache.securityGroupId],
    cacheUsageLimits: {
      dataStorage: { unit: 'GB', maximum: maxGigabytes },
      ecpuPerSecond: { maximum: maxEcpuPerSecond },
    },
  });
}
