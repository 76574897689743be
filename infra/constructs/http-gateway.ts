import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { namePrefix, type Settings } from '../settings.ts';

export type ApiFunction = 'online' | 'ingest' | 'registry';

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

/** The HTTP API: its stage, the log of its calls and, where one is set, its own name. The routes come when their functions are there. */
export class HttpGateway extends Construct {
  readonly api: apigateway.HttpApi;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { corsOrigins, requestsPerSecond, burst } = settings.api;
    this.api = new apigateway.HttpApi(this, 'Api', {
      apiName: namePrefix(settings),
      createDefaultStage: false,
      ...(corsOrigins.length === 0 ? {} : { corsPreflight: corsOf(corsOrigins) }),
    });
    const logs = new LogGroup(this, 'AccessLogs', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = new apigateway.HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: requestsPerSecond, burstLimit: burst },
      accessLogSettings: { destination: new apigateway.LogGroupLogDestination(logs), format: accessLine },
    });
    this.#giveName(settings, stage);
    new CfnOutput(scope, 'Url', { value: stage.url });
  }

  route(functions: Readonly<Record<ApiFunction, IFunction>>): void {
    const integrations = {
      online: new HttpLambdaIntegration('Online', functions.online),
      ingest: new HttpLambdaIntegration('Ingest', functions.ingest),
      registry: new HttpLambdaIntegration('Registry', functions.registry),
    };
    for (const [method, path, name] of routes) {
      this.api.addRoutes({ path, methods: [method], integration: integrations[name] });
    }
  }

  #giveName({ api: { domain } }: Settings, stage: apigateway.HttpStage): void {
    if (domain === undefined) return;
    const name = new apigateway.DomainName(this, 'Domain', {
      domainName: domain.name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
      securityPolicy: apigateway.SecurityPolicy.TLS_1_2,
    });
    new apigateway.ApiMapping(this, 'Mapping', { api: this.api, domainName: name, stage });
    // What the name's record (an alias, or CNAME) points to.
    new CfnOutput(this, 'DomainTarget', {
      value: name.regionalDomainName,
    });
  }
}

/** One line of JSON a call. No key stands in it: headers are not logged. */
const accessLine = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    requestTime: '$context.requestTime',
    sourceIp: '$context.identity.sourceIp',
    routeKey: '$context.routeKey',
    status: '$context.status',
    responseLength: '$context.responseLength',
    latencyMillis: '$context.responseLatency',
    integrationLatencyMillis: '$context.integrationLatency',
    integrationError: '$context.integrationErrorMessage',
  }),
);

function corsOf(allowOrigins: string[]): apigateway.CorsPreflightOptions {
  return {
    allowOrigins,
    allowMethods: [apigateway.CorsHttpMethod.GET, apigateway.CorsHttpMethod.POST, apigateway.CorsHttpMethod.DELETE],
    allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'x-api-key'],
    exposeHeaders: ['ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'],
    maxAge: Duration.hours(1),
  };
}
