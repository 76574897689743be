import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import * as z from 'zod';
import type { Bundle, Bundles } from '../../infra/bundling/bundle-functions.ts';
import { createStacks } from '../../infra/create-stacks.ts';
import { parseSettings } from '../../infra/settings.ts';
import type { Stacks } from '../../infra/stage-stacks.ts';

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.array(z.string()).default([]),
  DeletionPolicy: z.string().optional(),
});
const templateSchema = z.object({
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z
    .record(z.string(), z.object({ Value: z.unknown(), Export: z.object({ Name: z.string() }).optional() }))
    .default({}),
});

export type Resource = z.infer<typeof resourceSchema> & { readonly id: string };
export type StackName = keyof Stacks;

export const stackNames: readonly StackName[] = [
  ...(['network', 'data', 'jobs', 'proxy', 'api', 'streams', 'observability'] as const),
];

export interface Templates {
  /** Of one stack, in which what it imports of another stands as the other exports it. */
  resources(stack: StackName, type?: string): Resource[];
}

export interface Synthesized extends Templates {
  readonly stacks: Stacks;
}

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/** The context of cdk.json as `-c` changes it. */
export function contextWith(changes: Record<string, unknown>): Record<string, unknown> {
  const { context } = cdkJson.parse(JSON.parse(readFileSync('cdk.json', 'utf8')));
  return { ...context, ...changes };
}

/** Changes of that context: other settings of stage dev. */
export function devWith(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { stages } = z.object({ stages: z.object({ dev: z.looseObject({}) }) }).parse(contextWith({}));
  return { stages: { ...stages, dev: { ...stages.dev, ...settings } } };
}

/** Stage dev with a Kafka, two topics that are bound and one of envelopes. */
export const devWithKafka = devWith({
  streamBindings: [
    { topic: 'clicks', tenant: 'acme', source: 'clicks' },
    { topic: 'profiles', tenant: 'acme', view: 'user_profile' },
  ],
  msk: { envelopeTopic: 'envelopes', minPollers: 1, maxPollers: 4 },
});

/** Synthesizes a stage in this process, with empty bundles. */
export function synthesize(changes: Readonly<Record<string, unknown>> = {}): Synthesized {
  const folder = mkdtempSync(join(tmpdir(), 'feature-store-synth-'));
  const context = contextWith(changes);
  const app = new App({ context, outdir: join(folder, 'cdk.out') });
  const stacks = createStacks(app, parseSettings(context), emptyBundles(folder));
  return { stacks, ...readTemplates(app.synth(), (stack) => stacks[stack]?.stackName) };
}

/** The templates of one stage, by the names of its stacks; one that is not there has no resources. */
export function readTemplates(assembly: CloudAssembly, nameOf: (stack: StackName) => string | undefined): Templates {
  const templateOf = (stack: StackName) => {
    const name = nameOf(stack);
    if (name === undefined) return { Resources: {}, Outputs: {} };
    return templateSchema.parse(assembly.getStackByName(name).template);
  };
  const templates = {
    network: templateOf('network'),
    data: templateOf('data'),
    jobs: templateOf('jobs'),
    proxy: templateOf('proxy'),
    api: templateOf('api'),
    streams: templateOf('streams'),
    observability: templateOf('observability'),
  };
  const exported = new Map(
    Object.values(templates)
      .flatMap(({ Outputs }) => Object.values(Outputs))
      .map(({ Export, Value }) => [Export?.Name, Value]),
  );
  return {
    resources: (stack, type) =>
      Object.entries(templates[stack].Resources)
        .filter(([, resource]) => type === undefined || resource.Type === type)
        .map(([id, resource]) => ({ id, ...resource, Properties: resolveImports(resource.Properties, exported) })),
  };
}

function resolveImports(properties: Record<string, unknown>, exported: ReadonlyMap<unknown, unknown>) {
  const resolved: unknown = JSON.parse(JSON.stringify(properties), (_key, value: unknown) => {
    const imported = z.strictObject({ 'Fn::ImportValue': z.string() }).safeParse(value);
    return imported.success ? exported.get(imported.data['Fn::ImportValue']) : value;
  });
  return z.record(z.string(), z.unknown()).parse(resolved);
}

/** Folders with a handler that does nothing, in place of what esbuild makes. */
export function emptyBundles(root: string): Bundles {
  const empty = (name: string): Bundle => {
    const folder = join(root, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'index.mjs'), '');
    return { folder };
  };
  const [online, ingest, registry] = [empty('online'), empty('ingest'), empty('registry')];
  const [migrate, sweep, maintain] = [empty('migrate'), empty('sweep'), empty('maintain')];
  const [backfill, stream, msk, replay] = [empty('backfill'), empty('stream'), empty('msk'), empty('replay')];
  return { online, ingest, registry, migrate, sweep, maintain, backfill, stream, msk, replay };
}

const functionSchema = z.object({
  FunctionName: z.string(),
  Runtime: z.string(),
  Architectures: z.array(z.string()),
  Handler: z.string(),
  Code: z.object({ S3Key: z.string() }),
  TracingConfig: z.object({ Mode: z.string() }),
  LoggingConfig: z.object({ LogGroup: z.object({ Ref: z.string() }) }),
  Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  VpcConfig: z.object({ SubnetIds: z.array(z.unknown()) }).optional(),
});

export interface DeployedFunction {
  readonly name: string;
  readonly id: string;
  readonly stack: StackName;
  readonly properties: z.infer<typeof functionSchema>;
}

/** The project's own functions, without those that the CDK deploys with. */
export function functionsOf({ resources }: Templates): DeployedFunction[] {
  return (['jobs', 'api', 'streams'] as const).flatMap((stack) =>
    resources(stack, 'AWS::Lambda::Function')
      .filter(({ id }) => !id.startsWith('AWSCDK'))
      .map(({ id, Properties }) => {
        const properties = functionSchema.parse(Properties);
        return { name: properties.FunctionName.split('-').at(-1) ?? '', id, stack, properties };
      }),
  );
}
