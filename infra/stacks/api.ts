import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { NodeFunction, type Secrets } from '../constructs/node-function.ts';
import { namePrefix } from '../settings.ts';
import { functionDefaults, type JobsStackProps } from './jobs.ts';

type ApiFunction = 'online' | 'ingest' | 'registry';

/**
 * Which function answers what. The most specific route wins, and any method of a path goes to the function that knows
 * it, which answers 405 itself. Nothing leads to /metrics, which is empty in Lambda, nor to /health/ready, by which
 * anybody could make the stores work.
 */
const routes: readonly (readonly [apigateway.HttpMethod, string, ApiFunction])[] = [
  [apigateway.HttpMethod.POST, '/api/v1/features/online', 'online'],
  [apigateway.HttpMethod.POST, '/api/v1/features/ingest', 'ingest'],
  [apigateway.HttpMethod.POST, '/api/v1/events/{source}', 'ingest'],
  [apigateway.HttpMethod.ANY, '/api/v1/{proxy+}', 'registry'],
  [apigateway.HttpMethod.GET, '/health', 'online'],
  [apigateway.HttpMethod.GET, '/openapi.json', 'registry'],
  [apigateway.HttpMethod.GET, '/docs', 'registry'],
  [apigateway.HttpMethod.GET, '/docs/reference.js', 'registry'],
];

/** The three functions behind one HTTP API. */
export class ApiStack extends Stack {
  constructor(scope: Construct, id: string, props: JobsStackProps) {
    super(scope, id, props);
    const { tables, secrets, events } = props.data;

    const online = this.apiFunction('online', props, {
      description: 'Reads features online',
      timeoutSeconds: 10,
      secrets: { POSTGRES_SECRET_ARN: secrets.reader },
    });
    tables.apiKeys.allow(online, 'GetItem');
    tables.registrySnapshots.allow(online, 'GetItem', 'Query');

    const ingest = this.apiFunction('ingest', props, {
      description: 'Takes rows and events in',
      timeoutSeconds: 29,
      environment: { KINESIS_STREAM: events.streamName },
      secrets: { POSTGRES_SECRET_ARN: secrets.writer, ENVELOPE_SECRET_ARN: secrets.envelopes },
    });
    ingest.addToRolePolicy(new iam.PolicyStatement({ actions: ['kinesis:PutRecords'], resources: [events.streamArn] }));
    tables.apiKeys.allow(ingest, 'GetItem');
    tables.registrySnapshots.allow(ingest, 'GetItem', 'Query');
    tables.idempotency.allow(ingest, 'GetItem', 'PutItem');

    const registry = this.apiFunction('registry', props, {
      description: 'Definitions, point-in-time reads, tenants, keys and the docs',
      timeoutSeconds: 29,
      secrets: { POSTGRES_SECRET_ARN: secrets.owner, PLATFORM_API_KEY_ARN: secrets.platformApiKey },
    });
    tables.tenants.allow(registry, 'PutItem');
    tables.apiKeys.allow(registry, 'GetItem', 'PutItem', 'DeleteItem');
    tables.apiKeys.allowIndexQuery(registry);
    tables.registrySnapshots.allow(registry, 'GetItem', 'Query', 'PutItem', 'BatchWriteItem');

    const { provisionedConcurrency } = props.settings.online;
    this.serve(props, {
      online: alias(online, provisionedConcurrency),
      ingest: alias(ingest, 0),
      registry: alias(registry, 0),
    });
  }

  private apiFunction(
    name: ApiFunction,
    props: JobsStackProps,
    own: { description: string; timeoutSeconds: number; environment?: Record<string, string>; secrets: Secrets },
  ): NodeFunction {
    const { data } = props;
    return new NodeFunction(this, `${name[0]?.toUpperCase()}${name.slice(1)}`, {
      ...functionDefaults(name, props),
      description: own.description,
      memoryMb: 1769,
      timeout: Duration.seconds(own.timeoutSeconds),
      environment: {
        POSTGRES_URL: data.postgresUrl,
        // A process has one request at a time. There is no proxy yet, so the connections of all processes add up: 2,000
        // for the 1,000 that an account may run, which is what Aurora takes at 0.5 capacity units.
        POSTGRES_MAX_POOL: '2',
        REDIS_URL: data.redisUrl,
        DYNAMODB_TABLE_PREFIX: data.tablePrefix,
        ...own.environment,
      },
      secrets: { API_KEY_SECRET_ARN: data.secrets.apiKeys, ...own.secrets },
    });
  }

  private serve({ settings }: JobsStackProps, handlers: Readonly<Record<ApiFunction, lambda.IFunction>>): void {
    const api = new apigateway.HttpApi(this, 'Api', { apiName: namePrefix(settings), createDefaultStage: false });
    const integrations = {
      online: new HttpLambdaIntegration('Online', handlers.online),
      ingest: new HttpLambdaIntegration('Ingest', handlers.ingest),
      registry: new HttpLambdaIntegration('Registry', handlers.registry),
    };
    for (const [method, path, name] of routes) {
      api.addRoutes({ path, methods: [method], integration: integrations[name] });
    }
    const stage = new apigateway.HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: settings.api.requestsPerSecond, burstLimit: settings.api.burst },
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(
          new LogGroup(this, 'AccessLogs', {
            retention: settings.logRetentionDays,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
      },
    });
    new CfnOutput(this, 'Url', { value: stage.url });
  }
}

/** What the gateway calls: the newest version, and with it the processes that are kept started. */
function alias(ofFunction: NodeFunction, provisionedConcurrentExecutions: number): lambda.IFunction {
  const created = new lambda.Alias(ofFunction, 'Live', {
    aliasName: 'live',
    // The casts are for exactOptionalPropertyTypes, as in network.ts.
    version: ofFunction.currentVersion as lambda.IVersion,
    ...(provisionedConcurrentExecutions === 0 ? {} : { provisionedConcurrentExecutions }),
  });
  return created as lambda.IFunction;
}
