import { expect, test } from 'vitest';
import * as z from 'zod';
import { environmentNames } from '../../shared/platform/environment.ts';
import { grantsOf } from './grants.ts';
import { devWith, devWithKafka, functionsOf, synthesize } from './synthesize.ts';

const synthesized = synthesize(devWithKafka);
const functions = functionsOf(synthesized);

test('there are the three functions of the API, the consumers of streams and the jobs', () => {
  expect(functions.map(({ name }) => name).sort()).toEqual([
    'backfill',
    'ingest',
    'maintain',
    'migrate',
    'msk',
    'online',
    'registry',
    'replay',
    'stream',
    'sweep',
  ]);
});

test.each(functions)('$name runs on Node 24 on arm64, inside the network, traced', ({ properties }) => {
  expect(properties).toMatchObject({
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    TracingConfig: { Mode: 'Active' },
  });
  expect(properties.VpcConfig?.SubnetIds).toHaveLength(2);
});

test.each(functions)('$name writes to a log group whose lines end', ({ stack, properties }) => {
  const group = synthesized
    .resources(stack, 'AWS::Logs::LogGroup')
    .find(({ id }) => id === properties.LoggingConfig.LogGroup.Ref);
  expect(group?.Properties.RetentionInDays).toBe(14);
});

/** What Lambda and its libraries read, and the secrets that functions/composition reads before the settings are parsed. */
const otherKeys = [
  'NODE_EXTRA_CA_CERTS',
  'POWERTOOLS_SERVICE_NAME',
  'POSTGRES_SECRET_ARN',
  'API_KEY_SECRET_ARN',
  'PLATFORM_API_KEY_ARN',
  'ENVELOPE_SECRET_ARN',
  'POSTGRES_OWNER_SECRET_ARN',
  'POSTGRES_WRITER_SECRET_ARN',
  'POSTGRES_READER_SECRET_ARN',
];

test.each(functions)('$name is given settings that the code knows, and no secret in clear', ({ properties }) => {
  const variables = properties.Environment.Variables;
  expect([...environmentNames, ...otherKeys]).toEqual(expect.arrayContaining(Object.keys(variables)));
  // A dynamic reference is resolved into the function's settings, where it stands in clear.
  expect(JSON.stringify(variables)).not.toContain('{{resolve:');
  for (const [name, value] of Object.entries(variables)) {
    if (name.endsWith('_ARN')) expect(JSON.stringify(value), name).toMatch(/^\{"(Ref|Fn::GetAtt)"/);
    else expect(name).not.toMatch(/SECRET|KEY|PASSWORD|TOKEN/);
  }
  expect(JSON.stringify(variables.POSTGRES_URL)).not.toContain('@');
});

test('a tenant without a limit of its own may make half of the calls that the stage takes, unless the stage says otherwise', () => {
  const names = ['online', 'ingest', 'registry'];
  const limitOf = (api: Record<string, unknown>) => {
    const settings = { api: { requestsPerSecond: 301, burst: 500, ...api } };
    const answering = functionsOf(synthesize(devWith(settings))).filter(({ name }) => names.includes(name));
    expect(answering).toHaveLength(names.length);
    return new Set(
      answering.map(({ properties: { Environment } }) =>
        [Environment.Variables.DEFAULT_REQUESTS_PER_SECOND, Environment.Variables.DEFAULT_BURST].join(),
      ),
    );
  };
  expect(limitOf({})).toEqual(new Set(['151,151']));
  expect(limitOf({ tenantRequestsPerSecond: 20, tenantBurst: 40 })).toEqual(new Set(['20,40']));
  expect(limitOf({ tenantRequestsPerSecond: 0 })).toEqual(new Set(['0,0']));
});

test('rows are held in a process of online where the stage says so, and nowhere else', () => {
  const heldBy = (online: Record<string, unknown>) =>
    functionsOf(synthesize(devWith({ online: { provisionedConcurrency: 0, ...online } }))).flatMap(
      ({ name, properties }) => {
        const millis = properties.Environment.Variables.CACHE_HOLD_MS;
        return millis === undefined ? [] : [[name, millis]];
      },
    );
  expect(heldBy({})).toEqual([['online', '0']]);
  expect(heldBy({ cacheHoldMillis: 50 })).toEqual([['online', '50']]);
});

test('Postgres is reached with a verified certificate, and the cache as a cluster over TLS', () => {
  const online = functions.find(({ name }) => name === 'online')?.properties.Environment.Variables;
  const address = z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });
  const textOf = (value: unknown) =>
    address
      .parse(value)
      ['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'HOST'))
      .join('');
  expect(textOf(online?.POSTGRES_URL)).toBe('postgres://HOST:5432/feature_store?sslmode=verify-full');
  expect(textOf(online?.REDIS_URL)).toBe('rediss-cluster://HOST:6379');
});

const table = (name: string) => `feature-store-dev-${name}`;

const expectedGrants: Record<string, Record<string, string[]>> = {
  online: {
    [table('tenants')]: ['GetItem'],
    [table('api-keys')]: ['GetItem'],
    [table('registry-snapshots')]: ['GetItem', 'Query'],
    ReaderLogin: ['GetSecretValue'],
    ApiKeySecret: ['GetSecretValue'],
  },
  ingest: {
    [table('tenants')]: ['GetItem'],
    [table('api-keys')]: ['GetItem'],
    [table('registry-snapshots')]: ['GetItem', 'Query'],
    [table('idempotency')]: ['GetItem', 'PutItem'],
    Events: ['PutRecords'],
    EnvelopeSecret: ['GetSecretValue'],
    WriterLogin: ['GetSecretValue'],
    ApiKeySecret: ['GetSecretValue'],
  },
  registry: {
    [table('tenants')]: ['GetItem', 'PutItem', 'UpdateItem'],
    [table('api-keys')]: ['DeleteItem', 'GetItem', 'PutItem'],
    [table('api-keys/index/by_tenant')]: ['Query'],
    [table('registry-snapshots')]: ['BatchWriteItem', 'GetItem', 'PutItem', 'Query'],
    OwnerLogin: ['GetSecretValue'],
    ApiKeySecret: ['GetSecretValue'],
    PlatformApiKey: ['GetSecretValue'],
  },
  stream: {
    [table('tenants')]: ['GetItem'],
    [table('registry-snapshots')]: ['GetItem', 'Query'],
    Events: ['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListShards'],
    DeadLetters: ['ListBucket'],
    'DeadLetters/*': ['PutObject'],
    WriterLogin: ['GetSecretValue'],
    EnvelopeSecret: ['GetSecretValue'],
  },
  msk: {
    [table('tenants')]: ['GetItem'],
    [table('registry-snapshots')]: ['GetItem', 'Query'],
    Kafka: ['Connect', 'DescribeClusterDynamicConfiguration', 'DescribeClusterV2', 'GetBootstrapBrokers'],
    'Kafka[0]:topic/Kafka[1]/clicks': ['DescribeTopic', 'ReadData'],
    'Kafka[0]:topic/Kafka[1]/profiles': ['DescribeTopic', 'ReadData'],
    'Kafka[0]:topic/Kafka[1]/envelopes': ['DescribeTopic', 'ReadData'],
    'Kafka[0]:group/Kafka[1]/feature-store-dev.clicks': ['AlterGroup', 'DescribeGroup'],
    'Kafka[0]:group/Kafka[1]/feature-store-dev.profiles': ['AlterGroup', 'DescribeGroup'],
    'Kafka[0]:group/Kafka[1]/feature-store-dev.envelopes': ['AlterGroup', 'DescribeGroup'],
    'DeadLetters/*': ['PutObject'],
    WriterLogin: ['GetSecretValue'],
    EnvelopeSecret: ['GetSecretValue'],
  },
  replay: {
    [table('tenants')]: ['GetItem'],
    [table('registry-snapshots')]: ['GetItem', 'Query'],
    DeadLetters: ['ListBucket'],
    'DeadLetters/*': ['DeleteObject', 'GetObject', 'PutObject'],
    WriterLogin: ['GetSecretValue'],
    EnvelopeSecret: ['GetSecretValue'],
  },
  sweep: {
    [table('tenants')]: ['Scan'],
    [table('registry-snapshots')]: ['BatchWriteItem', 'GetItem', 'PutItem', 'Query'],
    OwnerLogin: ['GetSecretValue'],
  },
  backfill: {
    [table('tenants')]: ['Scan'],
    [table('registry-snapshots')]: ['BatchWriteItem', 'GetItem', 'PutItem', 'Query'],
    OwnerLogin: ['GetSecretValue'],
  },
  maintain: {
    [table('tenants')]: ['Scan'],
    OwnerLogin: ['GetSecretValue'],
  },
  migrate: {
    'Database.MasterUserSecret.SecretArn': ['GetSecretValue'],
    OwnerLogin: ['GetSecretValue'],
    WriterLogin: ['GetSecretValue'],
    ReaderLogin: ['GetSecretValue'],
  },
};

/** Actions that know no resources: of tracing, of being put into the network, and by function. */
const onAll: Record<string, string[]> = { msk: ['ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups'] };
const onAllOfEach = [
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  ...['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DescribeNetworkInterfaces'],
  ...['ec2:DescribeSubnets', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'],
];
const logsOf = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}Logs`;

test.each(functions)('$name may do what it does and nothing else', (deployed) => {
  const grants: Record<string, string[]> = {};
  for (const { action, resource } of grantsOf(synthesized, deployed)) {
    if (resource === '*') expect([...onAllOfEach, ...(onAll[deployed.name] ?? [])]).toContain(action);
    else grants[resource] = [...(grants[resource] ?? []), action.replace(/^[\w-]+:/, '')].sort();
  }
  const ofLogs = { [logsOf(deployed.name)]: ['CreateLogStream', 'PutLogEvents'] };
  expect(grants).toEqual({ ...expectedGrants[deployed.name], ...ofLogs });
});

test.each(functions)('$name has no rights but these: no policy of AWS is attached', ({ stack, properties }) => {
  const [roleId] = properties.Role['Fn::GetAtt'];
  const role = synthesized.resources(stack, 'AWS::IAM::Role').find(({ id }) => id === roleId);
  expect(role?.Properties).not.toHaveProperty('ManagedPolicyArns');
  expect(role?.Properties).not.toHaveProperty('Policies');
});

test('online may write nowhere but to its log', () => {
  const online = functions.filter(({ name }) => name === 'online');
  const actions = online.flatMap((deployed) => grantsOf(synthesized, deployed)).map(({ action }) => action);
  expect(actions).not.toHaveLength(0);
  const notData = /^(xray|logs|ec2):/;
  const writing = actions.filter((action) => !notData.test(action) && /Put|Update|Delete|Write|\*/.test(action));
  expect(writing).toEqual([]);
});
