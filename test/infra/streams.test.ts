import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { parseSettings } from '../../infra/settings.ts';
import { bindingsSchema } from '../../infra/stream-settings.ts';
import { streamBindingsSchema } from '../../shared/platform/stream-bindings.ts';
import { grantsOf } from './grants.ts';
import { contextWith, devWith, devWithKafka, functionsOf, type Synthesized, synthesize } from './synthesize.ts';

const plain = synthesize();
const withKafka = synthesize(devWithKafka);
const mappingsOf = ({ resources }: Synthesized) =>
  resources('streams', 'AWS::Lambda::EventSourceMapping').map(({ Properties }) => Properties);
const topicMappingsOf = (synthesized: Synthesized) =>
  mappingsOf(synthesized).filter(({ Topics }) => Topics !== undefined);
const idOf = (name: string) => functionsOf(withKafka).find((deployed) => deployed.name === name)?.id;

describe('a Kafka', () => {
  test('is not there where nobody asks for one', () => {
    expect(plain.resources('data', 'AWS::MSK::ServerlessCluster')).toEqual([]);
    expect(functionsOf(plain).map(({ name }) => name)).not.toContain('msk');
    expect(mappingsOf(plain)).toHaveLength(1);
    expect(plain.resources('network', 'AWS::EC2::SecurityGroup')).toHaveLength(5);
  });

  test('is serverless in the isolated subnets, lets in by IAM alone, and talks to nobody but Lambda’s pollers', () => {
    const [cluster] = withKafka.resources('data', 'AWS::MSK::ServerlessCluster');
    const [group] = withKafka
      .resources('network', 'AWS::EC2::SecurityGroup')
      .filter(({ Properties }) => Properties.GroupDescription === 'Kafka of MSK');
    const reference = { 'Fn::GetAtt': [group?.id, 'GroupId'] };
    expect(cluster?.Properties).toMatchObject({
      ClientAuthentication: { Sasl: { Iam: { Enabled: true } } },
      VpcConfigs: [
        { SecurityGroups: [reference], SubnetIds: [{ Ref: expect.any(String) }, { Ref: expect.any(String) }] },
      ],
    });
    const rules = ['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress']
      .flatMap((type) => withKafka.resources('network', type))
      .map(({ Properties }) => Properties)
      .filter((rule) => JSON.stringify(rule).includes(`"${group?.id}"`));
    expect(rules).toEqual([
      expect.objectContaining({ GroupId: reference, SourceSecurityGroupId: reference, FromPort: 9098, ToPort: 9098 }),
      expect.objectContaining({
        GroupId: reference,
        DestinationSecurityGroupId: reference,
        FromPort: 9098,
        ToPort: 9098,
      }),
    ]);
  });

  test('outlives its stack in prod', () => {
    const { stages } = z
      .object({ stages: z.object({ dev: z.looseObject({}), prod: z.looseObject({}) }) })
      .parse(contextWith({}));
    const { streamBindings, msk } = z.object({ stages: z.object({ dev: z.looseObject({}) }) }).parse(devWithKafka)
      .stages.dev;
    const prod = synthesize({ stage: 'prod', stages: { ...stages, prod: { ...stages.prod, streamBindings, msk } } });
    expect(prod.resources('data', 'AWS::MSK::ServerlessCluster')).toMatchObject([{ DeletionPolicy: 'Retain' }]);
    expect(withKafka.resources('data', 'AWS::MSK::ServerlessCluster')).toMatchObject([{ DeletionPolicy: 'Delete' }]);
  });

  test('has a mapping and a group for each topic, in large batches, retried without end and given up to nothing', () => {
    const [cluster] = withKafka.resources('data', 'AWS::MSK::ServerlessCluster');
    const mappings = topicMappingsOf(withKafka);
    expect(mappings).toEqual(
      ['clicks', 'profiles', 'envelopes'].map((topic) => ({
        FunctionName: { Ref: idOf('msk') },
        EventSourceArn: { 'Fn::GetAtt': [cluster?.id, 'Arn'] },
        Topics: [topic],
        AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: `feature-store-dev.${topic}` },
        ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 4 },
        BatchSize: 10_000,
        MaximumBatchingWindowInSeconds: 1,
        StartingPosition: 'TRIM_HORIZON',
        MaximumRetryAttempts: -1,
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        Tags: expect.anything(),
      })),
    );
    for (const { Properties, DependsOn } of withKafka.resources('streams', 'AWS::Lambda::EventSourceMapping')) {
      if (Properties.Topics === undefined) continue;
      // The role's policy is there first, without which Lambda refuses to make it.
      expect(DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^MskRoleDefaultPolicy/)]));
    }
  });

  test('that is there already is read by its ARN, and none is made', () => {
    const clusterArn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/ours/0af0f3f5-26f0-4a4b-a1a7-7f6b5d7a1c11-3';
    const existing = synthesize(
      devWith({
        streamBindings: [{ topic: 'clicks', tenant: 'acme', source: 'clicks' }],
        msk: { clusterArn, minPollers: 2, maxPollers: 2 },
      }),
    );
    expect(existing.resources('data', 'AWS::MSK::ServerlessCluster')).toEqual([]);
    expect(existing.resources('network', 'AWS::EC2::SecurityGroup')).toHaveLength(5);
    expect(topicMappingsOf(existing)).toMatchObject([{ EventSourceArn: clusterArn, Topics: ['clicks'] }]);
    const grants = functionsOf(existing)
      .filter(({ name }) => name === 'msk')
      .flatMap((msk) => grantsOf(existing, msk))
      .filter(({ action }) => action.startsWith('kafka'));
    const within = (kind: string, name: string) => `${clusterArn.replace(':cluster/', `:${kind}/`)}/${name}`;
    expect(new Set(grants.map(({ resource }) => resource))).toEqual(
      new Set([clusterArn, within('topic', 'clicks'), within('group', 'feature-store-dev.clicks')]),
    );
  });
});

describe('the bindings', () => {
  test('are told to all that read records, and to nobody where there are none', () => {
    const told = (synthesized: Synthesized) =>
      functionsOf(synthesized).flatMap(({ name, properties }) => {
        const { STREAM_BINDINGS: text } = properties.Environment.Variables;
        return text === undefined ? [] : [{ name, bindings: streamBindingsSchema.parse(text) }];
      });
    const bindings = [
      { transport: 'kafka', stream: 'clicks', tenant: 'acme', target: { kind: 'source', name: 'clicks' } },
      { transport: 'kafka', stream: 'profiles', tenant: 'acme', target: { kind: 'view', name: 'user_profile' } },
    ];
    expect(told(withKafka)).toEqual(['stream', 'msk', 'replay'].map((name) => ({ name, bindings })));
    expect(told(plain)).toEqual([]);
  });

  test('of Kinesis streams have each a mapping and the right to read', () => {
    const bound = synthesize(
      devWith({ streamBindings: [{ stream: 'their.clicks', tenant: 'acme', source: 'clicks' }] }),
    );
    const arn = expect.objectContaining({
      'Fn::Join': ['', expect.arrayContaining([expect.stringMatching(/:stream\/their\.clicks$/)])],
    });
    expect(mappingsOf(bound)).toHaveLength(2);
    expect(mappingsOf(bound)).toContainEqual(
      expect.objectContaining({ EventSourceArn: arn, DestinationConfig: expect.anything(), BatchSize: 10_000 }),
    );
    const grants = functionsOf(bound)
      .filter(({ name }) => name === 'stream')
      .flatMap((stream) => grantsOf(bound, stream))
      .filter(({ resource }) => resource.endsWith(':stream/their.clicks'));
    expect(grants.map(({ action }) => action)).toContain('kinesis:GetRecords');
  });

  const source = { tenant: 'acme', source: 'clicks' };
  test.each([
    [{ topic: 'clicks', ...source }],
    [{ stream: 'a.b_c-d', tenant: 'a-b_c', view: 'user_profile@12' }],
    [{ topic: 'clicks', stream: 'clicks', ...source }],
    [source],
    [{ topic: 'clicks', tenant: 'acme' }],
    [{ topic: 'clicks', ...source, view: 'user_profile' }],
    [{ topic: 'two words', ...source }],
    [{ topic: 'clicks', tenant: 'Acme', source: 'clicks' }],
    [{ topic: 'clicks', tenant: 'acme', source: '1clicks' }],
    [{ topic: 'clicks', tenant: 'acme', view: 'user_profile@0' }],
    [{ topic: 'clicks', ...source, more: true }],
    [
      { topic: 'clicks', ...source },
      { topic: 'clicks', tenant: 'other', source: 'clicks' },
    ],
    [
      { topic: 'clicks', ...source },
      { stream: 'clicks', ...source },
    ],
  ])('are taken by cdk.json where the functions take them: %j', (...bindings) => {
    const taken = streamBindingsSchema.safeParse(JSON.stringify(bindings)).success;
    expect(bindingsSchema.safeParse(bindings).success).toBe(taken);
  });
});

describe('the settings of streams name a mistake', () => {
  const clicks = { topic: 'clicks', tenant: 'acme', source: 'clicks' };
  const pollers = { minPollers: 1, maxPollers: 1 };
  const many = Array.from({ length: 60 }, (_, index) => ({ ...clicks, topic: `clicks-${index}` }));
  test.each([
    ['a topic without a Kafka', { streamBindings: [clicks] }, /streamBindings binds topic clicks, and msk is not set/],
    ['a Kafka without a topic', { msk: pollers }, /msk is set, and neither it nor streamBindings names a topic/],
    [
      'no ARN',
      { streamBindings: [clicks], msk: { ...pollers, clusterArn: 'ours' } },
      /msk\.clusterArn is the ARN of a/,
    ],
    [
      'pollers the wrong way round',
      { streamBindings: [clicks], msk: { minPollers: 3, maxPollers: 2 } },
      /more minPollers/,
    ],
    ['more than a function can be told', { streamBindings: many, msk: pollers }, /are over 2800 characters of JSON/],
  ])('%s', (_, settings, message) => {
    expect(() => parseSettings(contextWith(devWith(settings)))).toThrow(message);
  });
});
