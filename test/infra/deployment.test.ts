import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseSettings } from '../../infra/settings.ts';
import { contextWith, devWith, functionsOf, type Synthesized, stackNames, synthesize } from './synthesize.ts';

const dev = synthesize();
const prod = synthesize({ stage: 'prod' });
const external = synthesize({ stage: 'external' });

describe('a deployment of the API', () => {
  const groupSchema = z.object({
    DeploymentConfigName: z.string(),
    AlarmConfiguration: z.object({
      Alarms: z.array(z.object({ Name: z.object({ Ref: z.string() }) })),
      Enabled: z.boolean().optional(),
    }),
    AutoRollbackConfiguration: z.object({ Enabled: z.boolean(), Events: z.array(z.string()) }),
  });
  const groupsOf = ({ resources }: Synthesized) =>
    resources('api', 'AWS::CodeDeploy::DeploymentGroup').map(({ Properties }) => groupSchema.parse(Properties));

  test('goes through a canary of each of its functions, and back on their alarms', () => {
    const groups = groupsOf(dev);
    expect(groups).toHaveLength(3);
    for (const group of groups) {
      expect(group.DeploymentConfigName).toBe('CodeDeployDefault.LambdaCanary10Percent5Minutes');
      expect(group.AutoRollbackConfiguration.Events).toContain('DEPLOYMENT_STOP_ON_ALARM');
      expect(group.AlarmConfiguration.Alarms.map(({ Name }) => Name.Ref.replace(/[0-9A-F]{8}$/, ''))).toEqual([
        expect.stringMatching(/^(Online|Ingest|Registry)LiveErrors$/),
        'ApiErrors',
      ]);
    }
    for (const alias of dev.resources('api', 'AWS::Lambda::Alias')) {
      expect(alias.Properties.Name).toBe('live');
    }
  });

  test('goes all at once and whatever sounds, where that is asked for', () => {
    const groups = groupsOf(synthesize(devWith({ api: { requestsPerSecond: 1, burst: 1, canary: false } })));
    for (const group of groups) {
      expect(group.DeploymentConfigName).toBe('CodeDeployDefault.LambdaAllAtOnce');
      expect(group.AutoRollbackConfiguration.Events).not.toContain('DEPLOYMENT_STOP_ON_ALARM');
    }
  });
});

describe('processes that are kept started', () => {
  test('are of the alias and follow how busy they are', () => {
    const [target] = prod.resources('api', 'AWS::ApplicationAutoScaling::ScalableTarget');
    expect(target?.Properties).toMatchObject({ MinCapacity: 5, MaxCapacity: 50 });
    expect(JSON.stringify(target?.Properties.ResourceId)).toMatch(/:live|Live/);
    const [policy] = prod.resources('api', 'AWS::ApplicationAutoScaling::ScalingPolicy');
    expect(policy?.Properties.TargetTrackingScalingPolicyConfiguration).toMatchObject({
      PredefinedMetricSpecification: { PredefinedMetricType: 'LambdaProvisionedConcurrencyUtilization' },
      TargetValue: 0.7,
    });
  });

  test('are none in dev, and never of $LATEST', () => {
    expect(dev.resources('api', 'AWS::ApplicationAutoScaling::ScalableTarget')).toEqual([]);
    for (const version of prod.resources('api', 'AWS::Lambda::Version')) {
      expect(version.Properties).not.toHaveProperty('ProvisionedConcurrencyConfig');
    }
  });
});

test('functions that a runaway would hurt are limited in prod, and none in dev, where an account may be new', () => {
  const limits = (synthesized: Synthesized) =>
    (['jobs', 'api', 'streams'] as const).flatMap((stack) =>
      synthesized
        .resources(stack, 'AWS::Lambda::Function')
        .flatMap(({ Properties: { FunctionName: name, ReservedConcurrentExecutions: limit } }) =>
          limit === undefined ? [] : [[String(name).split('-').at(-1), limit]],
        ),
    );
  expect(Object.fromEntries(limits(prod))).toEqual({
    ...{ ingest: 200, registry: 50 },
    ...{ maintain: 1, sweep: 1, backfill: 2, migrate: 1 },
  });
  expect(limits(dev)).toEqual([]);
});

describe('everything that keeps data', () => {
  test.each(Object.entries({ dev, prod, external }))('in %s is encrypted and not public', (_, synthesized) => {
    const all = (type: string) => stackNames.flatMap((stack) => synthesized.resources(stack, type));
    for (const { id, Properties } of all('AWS::S3::Bucket')) {
      expect(Properties.BucketEncryption, id).toBeDefined();
      expect(Properties.PublicAccessBlockConfiguration, id).toEqual({
        ...{ BlockPublicAcls: true, BlockPublicPolicy: true },
        ...{ IgnorePublicAcls: true, RestrictPublicBuckets: true },
      });
    }
    for (const { id, Properties } of all('AWS::Kinesis::Stream')) expect(Properties.StreamEncryption, id).toBeDefined();
    for (const { id, Properties } of all('AWS::RDS::DBCluster')) expect(Properties.StorageEncrypted, id).toBe(true);
    for (const { id, Properties } of all('AWS::RDS::DBInstance')) expect(Properties.PubliclyAccessible, id).toBe(false);
    // DynamoDB and ElastiCache Serverless encrypt by themselves, and have no way not to.
    expect(all('AWS::DynamoDB::Table')).toHaveLength(4);
  });

  test('in prod is retained', () => {
    const keeping = /^AWS::(DynamoDB::Table|RDS::DBCluster$|Kinesis::Stream|S3::Bucket$|SecretsManager::Secret$|MSK::)/;
    const kept = prod.resources('data').filter(({ Type }) => keeping.test(Type));
    expect(kept.length).toBeGreaterThan(10);
    for (const { id, DeletionPolicy } of kept) expect(DeletionPolicy, id).toBe('Retain');
  });
});

describe('profile managed', () => {
  test('sends functions that are many through the proxy, and those with settings of their own past it', () => {
    const hosts = functionsOf(dev).map(({ name, properties }) => {
      const url = JSON.stringify(properties.Environment.Variables.POSTGRES_URL);
      return [name, url.includes('"Proxy') ? 'proxy' : 'database'];
    });
    expect(Object.fromEntries(hosts)).toEqual({
      ...{ online: 'proxy', ingest: 'proxy', stream: 'proxy', replay: 'proxy' },
      ...{ registry: 'database', migrate: 'database', sweep: 'database', maintain: 'database', backfill: 'database' },
    });
    expect(dev.resources('proxy', 'AWS::RDS::DBProxy')).toMatchObject([{ Properties: { RequireTLS: true } }]);
    // CloudFormation waits until it can log in, as roles that the migrations make.
    expect(dev.stacks.proxy?.dependencies).toContain(dev.stacks.jobs);
  });

  test('has its master’s password kept and changed by RDS', () => {
    expect(dev.resources('data', 'AWS::RDS::DBCluster')).toMatchObject([
      { Properties: { ManageMasterUserPassword: true, MasterUsername: 'feature_store_admin' } },
    ]);
  });
});

describe('profile external', () => {
  test('makes no network and no store, and reads two secrets by name', () => {
    expect(external.stacks.network).toBeUndefined();
    const types = new Set(stackNames.flatMap((stack) => external.resources(stack)).map(({ Type }) => Type));
    expect([...types].filter((type) => /^AWS::(EC2|RDS|ElastiCache)::/.test(type))).toEqual([]);
    for (const { name, properties } of functionsOf(external)) {
      expect(properties.VpcConfig, name).toBeUndefined();
      const { POSTGRES_URL, REDIS_URL, REDIS_URL_ARN } = properties.Environment.Variables;
      expect(POSTGRES_URL, name).toBe(
        'postgres://your-service.tsdb.cloud.timescale.com:34567/tsdb?sslmode=verify-full',
      );
      expect(REDIS_URL, name).toBeUndefined();
      if (!['migrate', 'maintain'].includes(name)) {
        expect(JSON.stringify(REDIS_URL_ARN), name).toContain(':secret:feature-store/external/redis');
      }
    }
  });

  const withCache = (cache: Record<string, unknown>) => {
    const stage = z.looseObject({ stores: z.looseObject({ redisSecret: z.string() }) });
    const { stages } = z.object({ stages: z.object({ external: stage }) }).parse(contextWith({}));
    const { redisSecret: _, ...stores } = stages.external.stores;
    return { stage: 'external', stages: { external: { ...stages.external, stores: { ...stores, ...cache } } } };
  };
  const upstashSecrets = { url: 'upstash/url', token: 'upstash/token' };

  test('reads the address and the token of Upstash’s REST interface where their secrets are named', () => {
    for (const { name, properties } of functionsOf(synthesize(withCache({ upstashSecrets })))) {
      const { Variables } = properties.Environment;
      expect(Variables, name).not.toHaveProperty('REDIS_URL_ARN');
      if (['migrate', 'maintain'].includes(name)) continue;
      expect(JSON.stringify(Variables.UPSTASH_REDIS_REST_URL_ARN), name).toContain(':secret:upstash/url');
      expect(JSON.stringify(Variables.UPSTASH_REDIS_REST_TOKEN_ARN), name).toContain(':secret:upstash/token');
    }
  });

  test('has one cache', () => {
    const parse = (cache: Record<string, unknown>) => () => parseSettings(contextWith(withCache(cache)));
    expect(parse({})).toThrow(/name one cache: redisSecret or upstashSecrets/);
    expect(parse({ upstashSecrets, redisSecret: 'redis' })).toThrow(/name one cache/);
    expect(parse({ upstashSecrets: { url: 'upstash/url' } })).toThrow(/upstashSecrets/);
    expect(parse({ redisSecret: 'redis' })).not.toThrow();
  });

  test('names a cluster of Kafka, since there is no network to make one in', () => {
    const { stages } = z.object({ stages: z.object({ external: z.looseObject({}) }) }).parse(contextWith({}));
    const msk = { minPollers: 1, maxPollers: 1 };
    const streamBindings = [{ topic: 'clicks', tenant: 'acme', source: 'clicks' }];
    const context = contextWith({
      stage: 'external',
      stages: { external: { ...stages.external, msk, streamBindings } },
    });
    expect(() => parseSettings(context)).toThrow(/msk makes a cluster in the VPC/);
  });
});

describe('the gateway', () => {
  test('logs each call as a line of JSON without a header', () => {
    const [stage] = dev.resources('api', 'AWS::ApiGatewayV2::Stage');
    const { Format } = z.object({ Format: z.string() }).parse(stage?.Properties.AccessLogSettings);
    expect(Object.keys(JSON.parse(Format))).toContain('status');
    expect(Format).not.toMatch(/header|authorizer/i);
  });

  test('has a name of its own and lets pages in where that is asked for', () => {
    const plain = dev.resources('api', 'AWS::ApiGatewayV2::Api');
    expect(plain[0]?.Properties).not.toHaveProperty('CorsConfiguration');
    const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0af0f3f5-26f0-4a4b-a1a7-7f6b5d7a1c11';
    const named = synthesize(
      devWith({
        api: {
          ...{ requestsPerSecond: 1, burst: 1, corsOrigins: ['https://notebooks.example.com'] },
          domain: { name: 'features.example.com', certificateArn },
        },
      }),
    );
    expect(named.resources('api', 'AWS::ApiGatewayV2::DomainName')).toMatchObject([
      {
        Properties: {
          DomainName: 'features.example.com',
          DomainNameConfigurations: [{ CertificateArn: certificateArn, SecurityPolicy: 'TLS_1_2' }],
        },
      },
    ]);
    expect(named.resources('api', 'AWS::ApiGatewayV2::ApiMapping')).toHaveLength(1);
    expect(named.resources('api', 'AWS::ApiGatewayV2::Api')[0]?.Properties.CorsConfiguration).toMatchObject({
      AllowOrigins: ['https://notebooks.example.com'],
    });
  });
});

test('everything that takes tags has those of the stage', () => {
  const tagged = synthesize(devWith({ tags: { 'cost-center': '4711' } }));
  const [table] = tagged.resources('data', 'AWS::DynamoDB::Table');
  expect(table?.Properties.Tags).toEqual(
    expect.arrayContaining([
      { Key: 'service', Value: 'feature-store' },
      { Key: 'stage', Value: 'dev' },
      { Key: 'cost-center', Value: '4711' },
    ]),
  );
});
