import * as z from 'zod';
import { namePattern, tenantNamePattern, versionedNamePattern } from '../contract/names.ts';

/** Whose records a Kinesis stream or a Kafka topic holds, where they are not signed by us. */
export interface StreamBinding {
  /** Name of the Kinesis stream or of the Kafka topic. */
  readonly transport: 'kinesis' | 'kafka';
  readonly stream: string;
  readonly tenant: string;
  readonly target: BindingTarget;
}

/** Events of a stream source, or rows of a feature view. */
export type BindingTarget =
  | { readonly kind: 'source'; readonly name: string }
  | { readonly kind: 'view'; readonly name: string };

const streamName = z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, { error: 'is the name of a stream or a topic' });

const bindingSchema = z
  .strictObject({
    topic: streamName.optional(),
    stream: streamName.optional(),
    tenant: z.string().regex(tenantNamePattern, { error: 'is the name of a tenant' }),
    source: z.string().regex(namePattern, { error: 'is the name of a stream source' }).optional(),
    view: z.string().regex(versionedNamePattern, { error: 'is the name of a feature view' }).optional(),
  })
  .refine(({ topic, stream }) => (topic === undefined) !== (stream === undefined), {
    error: 'names a topic or a stream, one of them',
  })
  .refine(({ source, view }) => (source === undefined) !== (view === undefined), {
    error: 'names a source or a view, one of them',
  })
  .transform(
    ({ topic, stream = topic ?? '', tenant, source, view = '' }): StreamBinding => ({
      transport: topic === undefined ? 'kinesis' : 'kafka',
      stream,
      tenant,
      target: source === undefined ? { kind: 'view', name: view } : { kind: 'source', name: source },
    }),
  );

const bindingsSchema = z.array(bindingSchema).superRefine((bindings, context) => {
  const known = new Set<string>();
  for (const [index, { transport, stream }] of bindings.entries()) {
    const name = `${transport === 'kafka' ? 'topic' : 'stream'} ${stream}`;
    if (known.has(name)) context.addIssue({ code: 'custom', message: `binds ${name} a second time`, path: [index] });
    known.add(name);
  }
});

/** The setting STREAM_BINDINGS: `[{"topic"|"stream": "clicks", "tenant": "acme", "source"|"view": "clicks"}]`. */
export const streamBindingsSchema = z.string().transform((text, context): readonly StreamBinding[] => {
  const given = parseJson(text);
  if (given === undefined) {
    context.addIssue('is no JSON: [{"stream": "clicks", "tenant": "acme", "source": "clicks"}]');
    return z.NEVER;
  }
  const parsed = bindingsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [place, member] = issue?.path ?? [];
  const which =
    typeof place === 'number' ? `entry ${place + 1}${member === undefined ? '' : `, ${String(member)}`}: ` : '';
  context.addIssue(`is a list of bindings; ${which}${issue?.message ?? 'is none'}`);
  return z.NEVER;
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
