import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseSettings } from '../../infra/settings.ts';
import { eventRoutes } from '../../shared/contract/events.ts';
import { ingestRoutes } from '../../shared/contract/ingest.ts';
import { onlineRoutes } from '../../shared/contract/online.ts';
import { operationsRoutes } from '../../shared/contract/operations.ts';
import { allRoutes } from '../../shared/contract/routes.ts';
import { tableDefinitions } from '../../shared/platform/dynamodb-tables.ts';
import { createDynamoDb } from '../../shared/platform/sdk-dynamodb.ts';
import { contextWith, functionsOf, synthesize } from './synthesize.ts';

const dev = synthesize();
const prod = synthesize({ stage: 'prod' });

describe('the tables', () => {
  const { tables } = createDynamoDb({ region: 'us-east-1', tablePrefix: 'feature-store-dev-' });
  const deployed = dev.resources('data', 'AWS::DynamoDB::Table').map(({ Properties }) => Properties);

  test.each([
    ['tenants', tableDefinitions.tenants],
    ['apiKeys', tableDefinitions.apiKeys],
    ['registrySnapshots', tableDefinitions.registrySnapshots],
    ['idempotency', tableDefinitions.idempotency],
  ] as const)('%s is as the code makes it locally', (name, { create, timeToLiveAttribute }) => {
    const table = deployed.find(({ TableName }) => TableName === tables[name]);
    const { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, TimeToLiveSpecification } =
      table ?? {};
    expect({ BillingMode, KeySchema, GlobalSecondaryIndexes }).toEqual({
      BillingMode: create.BillingMode,
      KeySchema: create.KeySchema,
      GlobalSecondaryIndexes: create.GlobalSecondaryIndexes,
    });
    expect(AttributeDefinitions).toEqual(expect.arrayContaining(create.AttributeDefinitions ?? []));
    expect(AttributeDefinitions).toHaveLength(create.AttributeDefinitions?.length ?? 0);
    expect(TimeToLiveSpecification).toEqual(
      timeToLiveAttribute === undefined ? undefined : { AttributeName: timeToLiveAttribute, Enabled: true },
    );
  });

  test('there are no others, and each can be recovered', () => {
    expect(deployed.map(({ TableName }) => TableName).sort()).toEqual(Object.values(tables).sort());
    for (const table of deployed) {
      expect(table.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
    }
  });
});

describe('what keeps data', () => {
  const kept = ['AWS::DynamoDB::Table', 'AWS::RDS::DBCluster'];

  test('is protected in prod and outlives its stack', () => {
    for (const { id, Properties, DeletionPolicy } of kept.flatMap((type) => prod.resources('data', type))) {
      expect([Properties.DeletionProtectionEnabled, Properties.DeletionProtection], id).toContain(true);
      expect(DeletionPolicy, id).toBe('Retain');
    }
    for (const secret of prod.resources('data', 'AWS::SecretsManager::Secret')) {
      // That of the master goes with RDS, which has its own password reset.
      if (!secret.id.includes('DatabaseSecret')) expect(secret.DeletionPolicy, secret.id).toBe('Retain');
    }
    expect(prod.stacks.data.terminationProtection).toBe(true);
  });

  test('goes with its stack in dev', () => {
    for (const { id, DeletionPolicy } of kept.flatMap((type) => dev.resources('data', type))) {
      expect(DeletionPolicy, id).toBe('Delete');
    }
  });

  test('is Aurora PostgreSQL of 17 or later, encrypted, that refuses connections in clear', () => {
    const [cluster] = dev.resources('data', 'AWS::RDS::DBCluster');
    expect(cluster?.Properties).toMatchObject({
      Engine: 'aurora-postgresql',
      EngineVersion: expect.stringMatching(/^(1[7-9]|[2-9]\d)\./),
      StorageEncrypted: true,
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
    });
    const [group] = dev.resources('data', 'AWS::RDS::DBClusterParameterGroup');
    expect(group?.Properties.Parameters).toEqual({ 'rds.force_ssl': '1' });
  });
});

describe('the gateway', () => {
  const integrationSchema = z.object({ IntegrationUri: z.object({ Ref: z.string() }) });
  const targetSchema = z.object({
    'Fn::Join': z.tuple([z.literal(''), z.tuple([z.string(), z.object({ Ref: z.string() })])]),
  });
  const aliasSchema = z.object({ FunctionName: z.object({ Ref: z.string() }) });
  const functions = new Map(functionsOf(dev).map(({ id, name }) => [id, name]));
  const aliases = new Map(dev.resources('api', 'AWS::Lambda::Alias').map(({ id, Properties }) => [id, Properties]));
  const integrations = new Map(
    dev.resources('api', 'AWS::ApiGatewayV2::Integration').map(({ id, Properties }) => [id, Properties]),
  );
  const routes = dev.resources('api', 'AWS::ApiGatewayV2::Route').map(({ Properties }) => {
    const integration = integrations.get(targetSchema.parse(Properties.Target)['Fn::Join'][1][1].Ref);
    const alias = aliases.get(integrationSchema.parse(integration).IntegrationUri.Ref);
    const [method = '', path = ''] = z.string().parse(Properties.RouteKey).split(' ');
    return { method, path, target: functions.get(aliasSchema.parse(alias).FunctionName.Ref) };
  });

  /** As an HTTP API chooses: the same path before a greedy one. */
  const answering = (method: string, path: string): string | undefined => {
    const fits = (route: { method: string; path: string }): boolean =>
      (route.method === 'ANY' || route.method === method) &&
      (route.path === path || (route.path.endsWith('{proxy+}') && path.startsWith(route.path.slice(0, -8))));
    return routes.filter(fits).sort((left, right) => right.path.length - left.path.length || 0)[0]?.target;
  };

  const ofOnline: readonly { id: string }[] = [...Object.values(onlineRoutes), operationsRoutes.health];
  const ofIngest: readonly { id: string }[] = [...Object.values(ingestRoutes), ...Object.values(eventRoutes)];
  const unreachable: readonly { id: string }[] = [operationsRoutes.metrics, operationsRoutes.ready];
  const expected = (id: string): string | undefined => {
    if (unreachable.some((route) => route.id === id)) return undefined;
    if (ofOnline.some((route) => route.id === id)) return 'online';
    return ofIngest.some((route) => route.id === id) ? 'ingest' : 'registry';
  };

  test.each(allRoutes)('leads $id to the function that has it', ({ id, method, path }) => {
    expect(answering(method.toUpperCase(), path)).toBe(expected(id));
  });

  test('leads other methods of the paths of online and ingest to registry, which may have a feature of that name', () => {
    expect(answering('GET', onlineRoutes.readOnline.path)).toBe('registry');
    expect(answering('DELETE', ingestRoutes.ingestRows.path)).toBe('registry');
  });

  test('leads the script of the docs to the registry', () => {
    expect(answering('GET', '/docs/reference.js')).toBe('registry');
  });

  test('limits how often it is called, and logs each call', () => {
    const [stage] = dev.resources('api', 'AWS::ApiGatewayV2::Stage');
    expect(stage?.Properties).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 },
      AccessLogSettings: { DestinationArn: expect.anything() },
    });
  });

  test('has processes of online kept started in prod', () => {
    const kept = prod
      .resources('api', 'AWS::Lambda::Alias')
      .filter(({ Properties }) => Properties.ProvisionedConcurrencyConfig !== undefined);
    expect(kept.map(({ id }) => id)).toEqual([expect.stringMatching(/^Online/)]);
    expect(kept[0]?.Properties.ProvisionedConcurrencyConfig).toEqual({ ProvisionedConcurrentExecutions: 5 });
  });
});

test('the network leads nowhere but to endpoints', () => {
  expect(dev.resources('network', 'AWS::EC2::Subnet')).toHaveLength(2);
  expect(dev.resources('network', 'AWS::EC2::InternetGateway')).toEqual([]);
  expect(dev.resources('network', 'AWS::EC2::NatGateway')).toEqual([]);
  const types = dev.resources('network', 'AWS::EC2::VPCEndpoint').map(({ Properties }) => Properties.VpcEndpointType);
  expect(types.sort()).toEqual(['Gateway', 'Gateway', 'Interface', 'Interface']);
});

describe('the stream of events', () => {
  test('is read in large batches and retried part by part, until what no retry mends goes to the dead letters', () => {
    const [mapping] = dev.resources('streams', 'AWS::Lambda::EventSourceMapping');
    expect(mapping?.Properties).toMatchObject({
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 1,
      MaximumRetryAttempts: -1,
      StartingPosition: 'TRIM_HORIZON',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      DestinationConfig: { OnFailure: { Destination: expect.anything() } },
    });
    // The role's policy is there first, without which Lambda refuses to make it.
    expect(mapping?.DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^StreamRoleDefaultPolicy/)]));
  });

  test('is encrypted and kept for a week, and so are the dead letters, in prod beyond their stack', () => {
    const [stream] = prod.resources('data', 'AWS::Kinesis::Stream');
    expect(stream).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: { RetentionPeriodHours: 168, StreamEncryption: { EncryptionType: 'KMS' } },
    });
    const [bucket] = prod.resources('data', 'AWS::S3::Bucket');
    expect(bucket).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: { PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true } },
    });
  });
});

test('the migrations pass before the sweep starts and before the API changes', () => {
  const [trigger] = dev.resources('jobs', 'Custom::Trigger');
  const [rule] = dev.resources('jobs', 'AWS::Events::Rule');
  expect(rule?.DependsOn).toContain(trigger?.id);
  expect(rule?.Properties.ScheduleExpression).toBe('rate(1 minute)');
  expect(dev.stacks.api.dependencies).toContain(dev.stacks.jobs);
});

describe('the settings', () => {
  test('name every mistake', () => {
    expect(() => parseSettings(contextWith({ stage: 'production' }))).toThrow('context stage is one of dev, prod');
    expect(() => parseSettings(contextWith({ stages: { dev: {} } }))).toThrow(/context stages\.dev\.protectsData /);
    expect(() => parseSettings(contextWith({ region: 'here', account: '1' }))).toThrow(/account .*\n.*region /);
  });

  test('need no account and no region, and take both', () => {
    expect(parseSettings(contextWith({}))).toMatchObject({ stage: 'dev', protectsData: false });
    const there = synthesize({ account: '123456789012', region: 'eu-central-1' });
    expect(there.stacks.data.region).toBe('eu-central-1');
    expect(there.resources('network', 'AWS::EC2::Subnet')).toHaveLength(2);
  });
});
