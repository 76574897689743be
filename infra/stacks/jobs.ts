import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Trigger } from 'aws-cdk-lib/triggers';
import type { Construct } from 'constructs';
import type { Bundles, FunctionName } from '../bundling/bundle-functions.ts';
import { NodeFunction, type NodeFunctionProps } from '../constructs/node-function.ts';
import { RunbookAlarm } from '../constructs/runbook-alarm.ts';
import { awsMetric } from '../metrics.ts';
import { functionNameOf } from '../settings.ts';
import type { DataStack, DataStackProps } from './data.ts';

export interface JobsStackProps extends DataStackProps {
  readonly data: DataStack;
  readonly bundles: Bundles;
}

/** Of the stacks whose functions are many and short-lived. */
export interface PooledStackProps extends JobsStackProps {
  /** By which plain statements reach Postgres. */
  readonly pooledPostgresUrl: string;
}

/** What runs without a request: migrations, as a step of each deployment that must pass; the sweep and backfills, each minute; maintenance, each five. */
export class JobsStack extends Stack {
  readonly maintainLogs: ILogGroup;

  constructor(scope: Construct, id: string, props: JobsStackProps) {
    super(scope, id, props);
    const { data } = props;

    const migrate = new NodeFunction(this, 'Migrate', {
      ...functionDefaults('migrate', props),
      description: 'Brings the database to the newest schema and sets the passwords of its roles',
      memoryMb: 512,
      timeout: Duration.minutes(10),
      environment: { POSTGRES_URL: data.stores.postgresUrl },
      secrets: {
        POSTGRES_SECRET_ARN: data.stores.adminSecret,
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
        POSTGRES_URL: data.stores.postgresUrl,
        ...data.stores.cache.environment,
        DYNAMODB_TABLE_PREFIX: data.tablePrefix,
      },
      // The owner: it loads whole registries, which only the owner may read.
      secrets: { POSTGRES_SECRET_ARN: data.secrets.owner, ...data.stores.cache.secrets },
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
      environment: { POSTGRES_URL: data.stores.postgresUrl, DYNAMODB_TABLE_PREFIX: data.tablePrefix },
      secrets: { POSTGRES_SECRET_ARN: data.secrets.owner },
    });
    data.tables.tenants.allow(maintain, 'Scan');
    this.maintainLogs = maintain.logs;
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
        POSTGRES_URL: data.stores.postgresUrl,
        ...data.stores.cache.environment,
        DYNAMODB_TABLE_PREFIX: data.tablePrefix,
      },
      secrets: { POSTGRES_SECRET_ARN: data.secrets.owner, ...data.stores.cache.secrets },
    });
    data.tables.tenants.allow(backfill, 'Scan');
    data.tables.registrySnapshots.allow(backfill, 'GetItem', 'Query', 'PutItem', 'BatchWriteItem');
    // Goes on where the one before stopped. Several at once take turns at each backfill.
    everyMinute.addTarget(new LambdaFunction(backfill, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }));

    this.#watchSchedules(props);
    new CfnOutput(this, 'MigrateFunction', { value: migrate.functionName });
  }

  /** A schedule that is switched off, or a function that is not called, throws no error. */
  #watchSchedules({ settings, data }: JobsStackProps): void {
    for (const name of ['sweep', 'maintain', 'backfill'] as const) {
      const functionName = functionNameOf(settings, name);
      new RunbookAlarm(this, `${name[0]?.toUpperCase()}${name.slice(1)}Missing`, {
        alarmName: `${functionName}-missing`,
        entry: 'job-missing',
        says: `${functionName} did not run for 15 minutes`,
        metric: awsMetric('AWS/Lambda', 'Invocations', { FunctionName: functionName }, { minutes: 15 }),
        threshold: 1,
        comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
        missing: TreatMissingData.BREACHING,
        alerts: data.alerts,
      });
    }
  }
}

/** What every function of the stage has alike. */
export function functionDefaults(
  name: FunctionName,
  { settings, network, data, bundles }: JobsStackProps,
): Pick<NodeFunctionProps, 'functionName' | 'bundle' | 'place' | 'logRetention' | 'reservedConcurrency' | 'alerts'> {
  return {
    functionName: functionNameOf(settings, name),
    bundle: bundles[name],
    place: network === undefined ? undefined : { vpc: network.vpc, securityGroup: network.functions },
    logRetention: settings.logRetentionDays,
    reservedConcurrency: settings.reservedConcurrency[name],
    alerts: data.alerts,
  };
}
