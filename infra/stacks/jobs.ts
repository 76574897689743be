import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Trigger } from 'aws-cdk-lib/triggers';
import type { Construct } from 'constructs';
import type { Bundles, FunctionName } from '../bundle-functions.ts';
import { NodeFunction, type NodeFunctionProps } from '../constructs/node-function.ts';
import { namePrefix } from '../settings.ts';
import type { DataStack, DataStackProps } from './data.ts';

export interface JobsStackProps extends DataStackProps {
  readonly data: DataStack;
  readonly bundles: Bundles;
}

/** What runs without a request: migrations, as a step of each deployment that must pass; the sweep and backfills, each minute; maintenance, each five. */
export class JobsStack extends Stack {
  constructor(scope: Construct, id: string, props: JobsStackProps) {
    super(scope, id, props);
    const { data } = props;

    const migrate = new NodeFunction(this, 'Migrate', {
      ...functionDefaults('migrate', props),
      description: 'Brings the database to the newest schema and sets the passwords of its roles',
      memoryMb: 512,
      timeout: Duration.minutes(10),
      environment: { POSTGRES_URL: data.postgresUrl },
      secrets: {
        POSTGRES_SECRET_ARN: data.adminSecret,
        POSTGRES_OWNER_SECRET_ARN: data.secrets.owner,
        POSTGRES_WRITER_SECRET_ARN: data.secrets.writer,
        POSTGRES_READER_SECRET_ARN: data.secrets.reader,
      },
    });
    // Runs when the bundle, with the migrations in it, is another one; an error ends the deployment.
    const migration = new Trigger(this, 'Migration', { handler: migrate, timeout: Duration.minutes(11) });

    const sweep = new NodeFunction(this, 'Sweep', {
      ...functionDefaults('sweep', props),
      description: 'Mends what a crash between a commit and what follows it left',
      memoryMb: 512,
      timeout: Duration.seconds(55),
      environment: {
        POSTGRES_URL: data.postgresUrl,
        REDIS_URL: data.redisUrl,
        DYNAMODB_TABLE_PREFIX: data.tablePrefix,
      },
      // The owner: it loads whole registries, which only the owner may read.
      secrets: { POSTGRES_SECRET_ARN: data.secrets.owner },
    });
    data.tables.tenants.allow(sweep, 'Scan');
    data.tables.registrySnapshots.allow(sweep, 'GetItem', 'Query', 'PutItem', 'BatchWriteItem');

    const everyMinute = new Rule(this, 'EveryMinute', { schedule: Schedule.rate(Duration.minutes(1)) });
    // The next minute is the next attempt.
    everyMinute.addTarget(new LambdaFunction(sweep, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }));
    migration.executeBefore(everyMinute);

    const maintain = new NodeFunction(this, 'Maintain', {
      ...functionDefaults('maintain', props),
      description: 'Partitions, statistics, retention, compression and freshness of the tables of values',
      memoryMb: 512,
      // The longest there is: the first statistics of a long history take many runs of it.
      timeout: Duration.minutes(15),
      environment: { POSTGRES_URL: data.postgresUrl, DYNAMODB_TABLE_PREFIX: data.tablePrefix },
      secrets: { POSTGRES_SECRET_ARN: data.secrets.owner },
    });
    data.tables.tenants.allow(maintain, 'Scan');
    const everyFiveMinutes = new Rule(this, 'EveryFiveMinutes', { schedule: Schedule.rate(Duration.minutes(5)) });
    everyFiveMinutes.addTarget(new LambdaFunction(maintain, { retryAttempts: 0, maxEventAge: Duration.minutes(5) }));
    migration.executeBefore(everyFiveMinutes);

    const backfill = new NodeFunction(this, 'Backfill', {
      ...functionDefaults('backfill', props),
      description: 'Counts in new stream views what their sources had before them',
      // One whole processor: decoding and folding events is what it does.
      memoryMb: 1769,
      timeout: Duration.minutes(15),
      environment: {
        POSTGRES_URL: data.postgresUrl,
        REDIS_URL: data.redisUrl,
        DYNAMODB_TABLE_PREFIX: data.tablePrefix,
      },
      secrets: { POSTGRES_SECRET_ARN: data.secrets.owner },
    });
    data.tables.tenants.allow(backfill, 'Scan');
    data.tables.registrySnapshots.allow(backfill, 'GetItem', 'Query', 'PutItem', 'BatchWriteItem');
    // Goes on where the one before stopped. Several at once take turns at each backfill.
    everyMinute.addTarget(new LambdaFunction(backfill, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }));

    new CfnOutput(this, 'MigrateFunction', { value: migrate.functionName });
  }
}

/** What every function of the stage has alike. */
export function functionDefaults(
  name: FunctionName,
  { settings, network, bundles }: JobsStackProps,
): Pick<NodeFunctionProps, 'functionName' | 'bundle' | 'vpc' | 'securityGroup' | 'logRetention'> {
  return {
    functionName: `${namePrefix(settings)}-${name}`,
    bundle: bundles[name],
    vpc: network.vpc,
    securityGroup: network.functions,
    logRetention: settings.logRetentionDays,
  };
}
