import { namePattern, tenantNamePattern, versionedNamePattern } from '../contract/names.ts';
import { refuse } from '../contract/refuse.ts';
import * as z from '../contract/zod.ts';

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

const streamName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9._-]{1,249}$/, { error: 'is the name of a stream or a topic' }));

const bindingSchema = z.pipe(
  z
    .strictObject({
      topic: z.optional(streamName),
      stream: z.optional(streamName),
      tenant: z.string().check(z.regex(tenantNamePattern, { error: 'is the name of a tenant' })),
      source: z.optional(z.string().check(z.regex(namePattern, { error: 'is the name of a stream source' }))),
      view: z.optional(z.string().check(z.regex(versionedNamePattern, { error: 'is the name of a feature view' }))),
    })
    .check(
      z.refine(({ topic, stream }) => (topic === undefined) !== (stream === undefined), {
        error: 'names a topic or a stream, one of them',
      }),
      z.refine(({ source, view }) => (source === undefined) !== (view === undefined), {
        error: 'names a source or a view, one of them',
      }),
    ),
  z.transform(
    ({ topic, stream = topic ?? '', tenant, source, view = '' }): StreamBinding => ({
      transport: topic === undefined ? 'kinesis' : 'kafka',
      stream,
      tenant,
      target: source === undefined ? { kind: 'view', name: view } : { kind: 'source', name: source },
    }),
  ),
);

const bindingsSchema = z.array(bindingSchema).check(
  z.superRefine((bindings, context) => {
    const known = new Set<string>();
    for (const [index, { transport, stream }] of bindings.entries()) {
      const name = `${transport === 'kafka' ? 'topic' : 'stream'} ${stream}`;
      if (known.has(name)) context.addIssue({ code: 'custom', message: `binds ${name} a second time`, path: [index] });
      known.add(name);
    }
  }),
);

/** The setting STREAM_BINDINGS: `[{"topic"|"stream": "clicks", "tenant": "acme", "source"|"view": "clicks"}]`. */
export const streamBindingsSchema = z.pipe(
  z.string(),
  z.transform((text, context): readonly StreamBinding[] => {
    const given = parseJson(text);
    if (given === undefined) {
      return refuse(context, 'is no JSON: [{"stream": "clicks", "tenant": "acme", "source": "clicks"}]');
    }
    const parsed = bindingsSchema.safeParse(given);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const [place, member] = issue?.path ?? [];
    const which =
      typeof place === 'number' ? `entry ${place + 1}${member === undefined ? '' : `, ${String(member)}`}: ` : '';
    return refuse(context, `is a list of bindings; ${which}${issue?.message ?? 'is none'}`);
  }),
);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
