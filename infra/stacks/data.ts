import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CfnServerlessCache } from 'aws-cdk-lib/aws-elasticache';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnServerlessCluster } from 'aws-cdk-lib/aws-msk';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { Table } from '../constructs/table.ts';
import { namePrefix } from '../settings.ts';
import type { NetworkStack, NetworkStackProps } from './network.ts';

export interface DataStackProps extends NetworkStackProps {
  readonly network: NetworkStack;
}

const databaseName = 'feature_store';

/** Everything that keeps data, and the secrets that open it. */
export class DataStack extends Stack {
  readonly tables: ReturnType<typeof createTables>;
  /** What DYNAMODB_TABLE_PREFIX is: the tables' names are this and their own. */
  readonly tablePrefix: string;
  readonly secrets: ReturnType<typeof createSecrets>;
  /** Events on their way from ingest to the consumer. */
  readonly events: kinesis.IStream;
  /** Of a Kafka whose topics are read, where one is set. */
  readonly kafkaArn: string | undefined;
  /** Records that could not be taken. */
  readonly deadLetters: s3.IBucket;
  /** Of the master user, who only migrates. */
  readonly adminSecret: secretsmanager.ISecret;
  /** Without a login, which each function has of its own. */
  readonly postgresUrl: string;
  readonly redisUrl: string;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { protectsData } = props.settings;
    this.tablePrefix = `${namePrefix(props.settings)}-`;
    this.tables = createTables(this, this.tablePrefix, protectsData);
    this.secrets = createSecrets(this, protectsData);
    this.events = createEvents(this, props);
    this.kafkaArn = props.settings.msk?.clusterArn ?? createKafka(this, props)?.attrArn;
    this.deadLetters = createDeadLetters(this, protectsData);

    const database = createDatabase(this, props);
    if (database.secret === undefined) throw new Error('the database has no generated secret');
    this.adminSecret = database.secret;
    this.postgresUrl = `postgres://${database.clusterEndpoint.hostname}:5432/${databaseName}?sslmode=verify-full`;

    const cache = createCache(this, props);
    // Serverless is always a cluster behind one name, and always speaks TLS.
    this.redisUrl = `rediss-cluster://${cache.attrEndpointAddress}:6379`;

    new CfnOutput(this, 'PlatformApiKeySecret', { value: this.secrets.platformApiKey.secretArn });
  }
}

/** As shared/platform/dynamodb-tables.ts makes them locally; a test holds the two together. */
function createTables(scope: Construct, prefix: string, protectsData: boolean) {
  return {
    tenants: new Table(scope, 'Tenants', { tableName: `${prefix}tenants`, partitionKey: 'name', protectsData }),
    apiKeys: new Table(scope, 'ApiKeys', {
      tableName: `${prefix}api-keys`,
      partitionKey: 'key_id',
      index: {
        name: 'by_tenant',
        partitionKey: 'tenant_id',
        sortKey: 'key_id',
        includes: ['scopes', 'description', 'created_at'],
      },
      protectsData,
    }),
    registrySnapshots: new Table(scope, 'RegistrySnapshots', {
      tableName: `${prefix}registry-snapshots`,
      partitionKey: 'tenant_id',
      sortKey: 'part',
      protectsData,
    }),
    idempotency: new Table(scope, 'Idempotency', {
      tableName: `${prefix}idempotency`,
      partitionKey: 'tenant_id',
      sortKey: 'idempotency_key',
      timeToLiveAttribute: 'expires_at',
      protectsData,
    }),
  };
}

function createSecrets(scope: Construct, protectsData: boolean) {
  const removalPolicy = protectsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
  const password = { passwordLength: 40, excludePunctuation: true };
  const secret = (id: string, description: string): secretsmanager.Secret =>
    new secretsmanager.Secret(scope, id, { description, removalPolicy, generateSecretString: password });
  /** In the form of RDS's own secrets. Nothing that could change stands in it: another template makes another password. */
  const login = (id: string, username: string): secretsmanager.Secret =>
    new secretsmanager.Secret(scope, id, {
      description: `Login of the Postgres role ${username}`,
      removalPolicy,
      generateSecretString: {
        ...password,
        secretStringTemplate: JSON.stringify({ username }),
        generateStringKey: 'password',
      },
    });
  return {
    apiKeys: secret('ApiKeySecret', 'Pepper of the hashes of API keys: without it none of them opens anything'),
    envelopes: secret('EnvelopeSecret', 'Signs the records that ingest writes to the stream'),
    platformApiKey: secret('PlatformApiKey', 'Key of the operator, which makes tenants'),
    owner: login('OwnerLogin', 'feature_store_owner'),
    writer: login('WriterLogin', 'feature_store_writer'),
    reader: login('ReaderLogin', 'feature_store_reader'),
  };
}

function createEvents(scope: Construct, { settings }: DataStackProps): kinesis.IStream {
  const stream = new kinesis.Stream(scope, 'Events', {
    streamName: `${namePrefix(settings)}-events`,
    streamMode: kinesis.StreamMode.ON_DEMAND,
    encryption: kinesis.StreamEncryption.MANAGED,
    // For as long as Postgres may be away without a loss.
    retentionPeriod: Duration.days(7),
    removalPolicy: settings.protectsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  return stream as kinesis.IStream;
}

/** Serverless is always of IAM, over TLS, and encrypted. Its topics are made by whoever writes to them. */
function createKafka(scope: Construct, { settings, network }: DataStackProps): CfnServerlessCluster | undefined {
  if (network.kafka === undefined) return undefined;
  const cluster = new CfnServerlessCluster(scope, 'Kafka', {
    clusterName: `${namePrefix(settings)}-kafka`,
    clientAuthentication: { sasl: { iam: { enabled: true } } },
    vpcConfigs: [
      {
        subnetIds: network.vpc.isolatedSubnets.map(({ subnetId }) => subnetId),
        securityGroups: [network.kafka.securityGroupId],
      },
    ],
  });
  cluster.applyRemovalPolicy(settings.protectsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
  return cluster;
}

function createDeadLetters(scope: Construct, protectsData: boolean): s3.IBucket {
  const bucket = new s3.Bucket(scope, 'DeadLetters', {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(90) }],
    removalPolicy: protectsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  return bucket as s3.IBucket;
}

function createDatabase(scope: Construct, { settings, network }: DataStackProps): rds.DatabaseCluster {
  const { protectsData, database } = settings;
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
    credentials: rds.Credentials.fromGeneratedSecret('feature_store_admin'),
    defaultDatabaseName: databaseName,
    vpc: network.vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    securityGroups: [network.database],
    serverlessV2MinCapacity: database.minCapacity,
    serverlessV2MaxCapacity: database.maxCapacity,
    writer: rds.ClusterInstance.serverlessV2('writer', instance),
    readers: Array.from({ length: database.readers }, (_, index) =>
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

function createCache(scope: Construct, { settings, network }: DataStackProps): CfnServerlessCache {
  const { maxGigabytes, maxEcpuPerSecond } = settings.cache;
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
