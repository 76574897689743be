import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { alarmsOf, widgetsOf } from './shown-metrics.ts';
import { contextWith, devWithKafka, functionsOf, type Synthesized, stackNames, synthesize } from './synthesize.ts';

const stages: [string, Synthesized][] = [
  ['dev with a Kafka', synthesize(devWithKafka)],
  ['prod', synthesize({ stage: 'prod' })],
  ['external', synthesize({ stage: 'external' })],
];
const compositeSchema = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.unknown()),
});
const compositesOf = ({ resources }: Synthesized) =>
  resources('observability', 'AWS::CloudWatch::CompositeAlarm').map(({ Properties }) =>
    compositeSchema.parse(Properties),
  );
const entries = [...readFileSync('docs/runbook.md', 'utf8').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
const entryOf = (description: string) => /docs\/runbook\.md#([a-z-]+)$/.exec(description)?.[1];

describe.each(stages)('in %s', (_, synthesized) => {
  const alarms = alarmsOf(synthesized);
  const functions = functionsOf(synthesized);

  test('each alarm names an entry of the runbook', () => {
    expect(alarms.length).toBeGreaterThan(20);
    for (const { AlarmName, AlarmDescription } of [...alarms, ...compositesOf(synthesized)]) {
      expect(entries, AlarmName).toContain(entryOf(AlarmDescription));
    }
  });

  test('each alarm tells somebody, but for those that stop deployments or are part of another', () => {
    const silent = alarms.filter(({ AlarmActions }) => AlarmActions.length === 0).map(({ AlarmName }) => AlarmName);
    expect(silent.filter((name) => !/-live-errors$|-slo-.*-\d+m$/.test(name))).toEqual([]);
    for (const { AlarmActions } of compositesOf(synthesized)) expect(AlarmActions).toHaveLength(1);
  });

  test.each(['Errors', 'Throttles'])('each function has an alarm of its %s', (metric) => {
    const watched = alarms
      .flatMap(({ metrics }) => metrics)
      .filter(
        ({ namespace, name, dimensions }) =>
          namespace === 'AWS/Lambda' && name === metric && !('Resource' in dimensions),
      );
    expect(watched).toHaveLength(functions.length);
  });

  test('each stream has an alarm, each mapping of one a place for what it gives up and an alarm of it', () => {
    const names = alarms.map(({ AlarmName }) => AlarmName.replace(/^feature-store-[a-z]+-/, ''));
    expect(names).toEqual(expect.arrayContaining(['events-throttled', 'stream-iterator-age', 'stream-dead-letters']));
    const mappings = synthesized.resources('streams', 'AWS::Lambda::EventSourceMapping');
    const ofKinesis = mappings.filter(({ Properties }) => Properties.Topics === undefined);
    expect(ofKinesis.length).toBeGreaterThan(0);
    for (const { id, Properties } of ofKinesis) {
      expect(Properties.DestinationConfig, id).toBeDefined();
      // Without them the alarm would look at a metric that is never written.
      expect(Properties.MetricsConfig, id).toEqual({ Metrics: ['EventCount'] });
    }
    const givenUp = alarms.filter(({ metrics }) =>
      metrics.some(({ name }) => name === 'OnFailureDestinationDeliveredEventCount'),
    );
    expect(givenUp).toHaveLength(ofKinesis.length);
    const ofKafka = alarms.filter(({ metrics }) => metrics.some(({ name }) => name === 'OffsetLag'));
    expect(ofKafka).toHaveLength(mappings.length > ofKinesis.length ? 1 : 0);
    expect(stackNames.flatMap((stack) => synthesized.resources(stack, 'AWS::SQS::Queue'))).toEqual([]);
  });

  test('there are dashboards of the service, the data, the streams and the cost', () => {
    const widgets = widgetsOf(synthesized);
    const dashboards = [...new Set(widgets.map(({ dashboard }) => dashboard.split('-').at(-1)))];
    expect(dashboards).toEqual(['service', 'data', 'streams', 'cost']);
    for (const { title, metrics } of widgets) {
      if (title !== 'The stalest views that were read or measured') expect(metrics, title).not.toEqual([]);
    }
  });
});

test('the runbook has no entry that no alarm names', () => {
  const named = stages.flatMap(([, synthesized]) =>
    [...alarmsOf(synthesized), ...compositesOf(synthesized)].map(({ AlarmDescription }) => entryOf(AlarmDescription)),
  );
  expect(new Set(entries)).toEqual(new Set(named));
});

test('the burn rates are those of the objective: 14.4 and 6 times what it allows', () => {
  const thresholds = synthesize()
    .resources('observability', 'AWS::CloudWatch::Alarm')
    .filter(({ id }) => id.startsWith('Availability'))
    .map(({ id, Properties }) => [id.replace(/[0-9A-F]{8}$/, ''), Properties.Threshold]);
  expect(Object.fromEntries(thresholds)).toEqual({
    AvailabilityFast60: expect.closeTo(1.44),
    AvailabilityFast5: expect.closeTo(1.44),
    AvailabilitySlow360: expect.closeTo(0.6),
    AvailabilitySlow30: expect.closeTo(0.6),
  });
});

test('alarms go by mail to who is named', () => {
  const { stages: settings } = z.object({ stages: z.object({ dev: z.looseObject({}) }) }).parse(contextWith({}));
  const told = synthesize({ stages: { dev: { ...settings.dev, alarmEmail: 'on-call@example.com' } } });
  expect(told.resources('data', 'AWS::SNS::Subscription')).toMatchObject([
    { Properties: { Protocol: 'email', Endpoint: 'on-call@example.com' } },
  ]);
  expect(synthesize().resources('data', 'AWS::SNS::Subscription')).toEqual([]);
});
