import * as z from 'zod';
import type { DeployedFunction, Synthesized } from './synthesize.ts';

const oneOrMore = <Item extends z.ZodType>(item: Item) =>
  z.union([z.array(item), item.transform((one) => [one])]).transform((items) => items.flat());

const policySchema = z.object({
  Roles: z.array(z.object({ Ref: z.string() })),
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({ Effect: z.literal('Allow'), Action: oneOrMore(z.string()), Resource: oneOrMore(z.unknown()) }),
    ),
  }),
});

export interface Grant {
  readonly action: string;
  /** The physical name of a table, `table/index/name`, a logical id without its hash, with `[n]` a part of its ARN, or `*`. */
  readonly resource: string;
}

/** What the function's role may do, by its own policies. */
export function grantsOf(synthesized: Synthesized, { stack, properties }: DeployedFunction): Grant[] {
  const [role] = properties.Role['Fn::GetAtt'];
  const names = physicalNames(synthesized);
  return synthesized
    .resources(stack, 'AWS::IAM::Policy')
    .map(({ Properties }) => policySchema.parse(Properties))
    .filter(({ Roles }) => Roles.some(({ Ref }) => Ref === role))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) =>
      Action.flatMap((action) => Resource.map((resource) => ({ action, resource: describe(resource, names) }))),
    );
}

function physicalNames({ resources }: Synthesized): Map<string, string> {
  const tables = resources('data', 'AWS::DynamoDB::Table');
  return new Map(tables.map(({ id, Properties }) => [id, z.string().parse(Properties.TableName)]));
}

const joined = z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });
const attribute = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });
const reference = z.object({ Ref: z.string() });
const part = z.object({
  'Fn::Select': z.tuple([z.coerce.number(), z.object({ 'Fn::Split': z.tuple([z.string(), z.unknown()]) })]),
});

function describe(resource: unknown, names: ReadonlyMap<string, string>): string {
  if (typeof resource === 'string') return resource;
  const join = joined.safeParse(resource);
  if (join.success) return join.data['Fn::Join'][1].map((part) => describe(part, names)).join('');
  const selected = part.safeParse(resource);
  if (selected.success) {
    const [index, { 'Fn::Split': split }] = selected.data['Fn::Select'];
    return `${describe(split[1], names)}[${index}]`;
  }
  const attributed = attribute.safeParse(resource);
  const [id, attributeName] = attributed.success
    ? attributed.data['Fn::GetAtt']
    : [reference.parse(resource).Ref, 'Arn'];
  const name = names.get(id) ?? id.replace(/[0-9A-F]{8}$/, '');
  return attributeName === 'Arn' ? name : `${name}.${attributeName}`;
}
