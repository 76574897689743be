import { Duration, Stack } from 'aws-cdk-lib';
import { LambdaApplication } from 'aws-cdk-lib/aws-codedeploy';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type ApiFunction, HttpGateway } from '../constructs/http-gateway.ts';
import { liveAlias } from '../constructs/live-alias.ts';
import { NodeFunction, type Secrets } from '../constructs/node-function.ts';
import { RunbookAlarm } from '../constructs/runbook-alarm.ts';
import { awsMetric, formula } from '../metrics.ts';
import { functionNameOf, namePrefix, tenantLimit } from '../settings.ts';
import { functionDefaults, type PooledStackProps } from './jobs.ts';

/** The three functions behind one HTTP API. */
export class ApiStack extends Stack {
  readonly apiId: string;
  readonly onlineLogs: ILogGroup;

  constructor(scope: Construct, id: string, props: PooledStackProps) {
    super(scope, id, props);
    const { tables, secrets, events } = props.data;

    const online = this.apiFunction('online', props, {
      description: 'Reads features online',
      timeoutSeconds: 10,
      environment: { CACHE_HOLD_MS: String(props.settings.online.cacheHoldMillis) },
      secrets: { POSTGRES_SECRET_ARN: secrets.reader },
    });
    this.onlineLogs = online.logs;
    tables.apiKeys.allow(online, 'GetItem');
    tables.tenants.allow(online, 'GetItem');
    tables.registrySnapshots.allow(online, 'GetItem', 'Query');

    const ingest = this.apiFunction('ingest', props, {
      description: 'Takes rows and events in',
      timeoutSeconds: 29,
      environment: { KINESIS_STREAM: events.streamName },
      secrets: { POSTGRES_SECRET_ARN: secrets.writer, ENVELOPE_SECRET_ARN: secrets.envelopes },
    });
    ingest.addToRolePolicy(new iam.PolicyStatement({ actions: ['kinesis:PutRecords'], resources: [events.streamArn] }));
    tables.apiKeys.allow(ingest, 'GetItem');
    tables.tenants.allow(ingest, 'GetItem');
    tables.registrySnapshots.allow(ingest, 'GetItem', 'Query');
    tables.idempotency.allow(ingest, 'GetItem', 'PutItem');

    const registry = this.apiFunction('registry', props, {
      description: 'Definitions, point-in-time reads, tenants, keys and the docs',
      timeoutSeconds: 29,
      secrets: { POSTGRES_SECRET_ARN: secrets.owner, PLATFORM_API_KEY_ARN: secrets.platformApiKey },
    });
    tables.tenants.allow(registry, 'GetItem', 'PutItem', 'UpdateItem');
    tables.apiKeys.allow(registry, 'GetItem', 'PutItem', 'DeleteItem');
    tables.apiKeys.allowIndexQuery(registry);
    tables.registrySnapshots.allow(registry, 'GetItem', 'Query', 'PutItem', 'BatchWriteItem');

    const gateway = new HttpGateway(this, 'Gateway', props.settings);
    this.apiId = gateway.api.apiId;
    const live = this.#liveAliases(props);
    gateway.route({
      online: live(online, 'online'),
      ingest: live(ingest, 'ingest'),
      registry: live(registry, 'registry'),
    });
  }

  #liveAliases(props: PooledStackProps): (ofFunction: NodeFunction, name: ApiFunction) => IFunction {
    const { settings, data } = props;
    const { provisionedConcurrency, maxProvisionedConcurrency } = settings.online;
    const applicationName = namePrefix(settings);
    const application = new LambdaApplication(this, 'Deployments', { applicationName });
    const apiErrors = this.#watchApi(props);
    return (ofFunction, name) =>
      liveAlias(ofFunction, {
        functionName: functionNameOf(settings, name),
        provisioned:
          name === 'online'
            ? { least: provisionedConcurrency, most: maxProvisionedConcurrency }
            : { least: 0, most: 0 },
        canary: settings.api.canary,
        application,
        apiErrors,
        alerts: data.alerts,
      });
  }

  /** A function that answers 500 throws nothing, so that of the calls themselves counts too. */
  #watchApi({ settings, data }: PooledStackProps): RunbookAlarm {
    const ofApi = { ApiId: this.apiId };
    return new RunbookAlarm(this, 'ApiErrors', {
      alarmName: `${namePrefix(settings)}-api-errors`,
      entry: 'api-errors',
      says: 'Over 1 % of the calls of the API, and 5 of them, ended with a fault of ours within a minute',
      metric: formula(
        'IF(errors >= 5, 100 * errors / calls, 0)',
        {
          errors: awsMetric('AWS/ApiGateway', '5xx', ofApi, { minutes: 1 }),
          calls: awsMetric('AWS/ApiGateway', 'Count', ofApi, { minutes: 1 }),
        },
        { minutes: 1, label: 'faults of ours, %' },
      ),
      threshold: 1,
      alerts: data.alerts,
    });
  }

  private apiFunction(
    name: ApiFunction,
    props: PooledStackProps,
    own: { description: string; timeoutSeconds: number; environment?: Record<string, string>; secrets: Secrets },
  ): NodeFunction {
    const { data } = props;
    const limit = tenantLimit(props.settings);
    return new NodeFunction(this, `${name[0]?.toUpperCase()}${name.slice(1)}`, {
      ...functionDefaults(name, props),
      description: own.description,
      memoryMb: 1769,
      timeout: Duration.seconds(own.timeoutSeconds),
      environment: {
        // Registering takes advisory locks and sets settings of its session.
        POSTGRES_URL: name === 'registry' ? data.stores.postgresUrl : props.pooledPostgresUrl,
        // A process has one request at a time.
        POSTGRES_MAX_POOL: '2',
        ...data.stores.cache.environment,
        DYNAMODB_TABLE_PREFIX: data.tablePrefix,
        DEFAULT_REQUESTS_PER_SECOND: String(limit.requestsPerSecond),
        DEFAULT_BURST: String(limit.burst),
        ...own.environment,
      },
      secrets: { API_KEY_SECRET_ARN: data.secrets.apiKeys, ...data.stores.cache.secrets, ...own.secrets },
      errorsUntilAlarm: 5,
    });
  }
}
