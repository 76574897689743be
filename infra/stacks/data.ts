import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import { CfnServerlessCluster } from 'aws-cdk-lib/aws-msk';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { externalStores } from '../constructs/external-stores.ts';
import { managedStores } from '../constructs/managed-stores.ts';
import { RunbookAlarm } from '../constructs/runbook-alarm.ts';
import type { Stores } from '../constructs/stores.ts';
import { Table } from '../constructs/table.ts';
import { awsMetric } from '../metrics.ts';
import { namePrefix } from '../settings.ts';
import type { NetworkStack, NetworkStackProps } from './network.ts';

export interface DataStackProps extends NetworkStackProps {
  /** None in profile external. */
  readonly network: NetworkStack | undefined;
}

/** Everything that keeps data, the secrets that open it, and who is told when something is wrong. */
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
  readonly stores: Stores;
  /** Told of alarms. */
  readonly alerts: sns.ITopic;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { settings, network } = props;
    const { protectsData, stores } = settings;
    this.alerts = createAlerts(this, props);
    this.tablePrefix = `${namePrefix(settings)}-`;
    this.tables = createTables(this, this.tablePrefix, protectsData);
    this.secrets = createSecrets(this, protectsData);
    this.events = createEvents(this, props, this.alerts);
    this.kafkaArn = settings.msk?.clusterArn ?? createKafka(this, props)?.attrArn;
    this.deadLetters = createDeadLetters(this, props);
    if (stores.profile === 'external') {
      this.stores = externalStores(this, stores);
    } else {
      if (network === undefined) throw new Error('profile managed has a network');
      this.stores = managedStores(this, { settings, stores, network, alerts: this.alerts });
    }
    new CfnOutput(this, 'PlatformApiKeySecret', { value: this.secrets.platformApiKey.secretArn });
  }
}

function createAlerts(scope: Construct, { settings }: DataStackProps): sns.ITopic {
  const topic = new sns.Topic(scope, 'Alerts', {
    topicName: `${namePrefix(settings)}-alerts`,
    displayName: `Feature store ${settings.stage}`,
    enforceSSL: true,
  });
  if (settings.alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(settings.alarmEmail));
  new CfnOutput(scope, 'AlertsTopic', { value: topic.topicArn });
  return topic as sns.ITopic;
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
        includes: ['scopes', 'description', 'created_at', 'requests_per_second', 'burst'],
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

function createEvents(scope: Construct, { settings }: DataStackProps, alerts: sns.ITopic): kinesis.IStream {
  const streamName = `${namePrefix(settings)}-events`;
  const stream = new kinesis.Stream(scope, 'Events', {
    streamName,
    streamMode: kinesis.StreamMode.ON_DEMAND,
    encryption: kinesis.StreamEncryption.MANAGED,
    retentionPeriod: Duration.days(settings.streamRetentionDays),
    removalPolicy: settings.protectsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  new RunbookAlarm(scope, 'EventsThrottled', {
    alarmName: `${streamName}-throttled`,
    entry: 'stream-throttled',
    says: 'Kinesis refuses records that ingest writes',
    metric: awsMetric('AWS/Kinesis', 'WriteProvisionedThroughputExceeded', { StreamName: streamName }),
    threshold: 1,
    alerts,
  });
  return stream as kinesis.IStream;
}

/** Serverless is always of IAM, over TLS, and encrypted. Its topics are made by whoever writes to them. */
function createKafka(scope: Construct, { settings, network }: DataStackProps): CfnServerlessCluster | undefined {
  if (network?.kafka === undefined) return undefined;
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

function createDeadLetters(scope: Construct, { settings }: DataStackProps): s3.IBucket {
  const bucket = new s3.Bucket(scope, 'DeadLetters', {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(settings.deadLetterRetentionDays) }],
    removalPolicy: settings.protectsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  return bucket as s3.IBucket;
}
