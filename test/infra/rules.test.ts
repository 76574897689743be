import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { createStacks } from '../../infra/create-stacks.ts';
import { parseSettings } from '../../infra/settings.ts';
import type { Stacks } from '../../infra/stage-stacks.ts';
import { contextWith, devWithKafka, emptyBundles } from './synthesize.ts';

test.each([
  ['dev', {}],
  ['dev with a Kafka', devWithKafka],
  ['prod', { stage: 'prod' }],
  ['external', { stage: 'external' }],
])('%s keeps the rules of AWS Solutions, but for what is acknowledged with a reason', (_, changes) => {
  const { app } = checkedApp(changes);
  expect(() => app.synth()).not.toThrow();
});

test('a bucket that nobody thought about breaks them', () => {
  const { app, stacks } = checkedApp({});
  new Bucket(stacks.data, 'Careless');
  expect(() => app.synth()).toThrow();
});

function checkedApp(changes: Readonly<Record<string, unknown>>): { app: App; stacks: Stacks } {
  const folder = mkdtempSync(join(tmpdir(), 'feature-store-rules-'));
  const context = contextWith(changes);
  const app = new App({ context, outdir: join(folder, 'cdk.out') });
  const stacks = createStacks(app, parseSettings(context), emptyBundles(folder));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stacks };
}
