import * as z from 'zod';

const name = (pattern: RegExp, what: string) => z.string().regex(pattern, { error: `is ${what}` });
const streamName = name(/^[A-Za-z0-9._-]{1,249}$/, 'the name of a stream or a topic');

/** As STREAM_BINDINGS has them (shared/platform/stream-bindings.ts); a test holds the two together. */
const bindingSchema = z
  .strictObject({
    topic: streamName.optional(),
    stream: streamName.optional(),
    tenant: name(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'the name of a tenant'),
    source: name(/^[A-Za-z][A-Za-z0-9_]{0,47}$/, 'the name of a stream source').optional(),
    view: name(/^[A-Za-z][A-Za-z0-9_]{0,47}(?:@[1-9][0-9]{0,4})?$/, 'the name of a feature view').optional(),
  })
  .refine(({ topic, stream }) => (topic === undefined) !== (stream === undefined), {
    error: 'names a topic or a stream, one of them',
  })
  .refine(({ source, view }) => (source === undefined) !== (view === undefined), {
    error: 'names a source or a view, one of them',
  });

/** Characters of STREAM_BINDINGS: all that a function is set may have 4 KB, of which the rest is about 1. */
const mostCharacters = 2800;

/** Whose records other streams and topics hold. */
export const bindingsSchema = z
  .array(bindingSchema)
  .default([])
  .refine((bindings) => JSON.stringify(bindings).length <= mostCharacters, {
    error: `are over ${mostCharacters} characters of JSON, which a function's settings have no room for`,
  })
  .superRefine((bindings, context) => {
    const names = bindings.map(({ topic, stream }) => (topic === undefined ? `stream ${stream}` : `topic ${topic}`));
    for (const [index, bound] of names.entries()) {
      if (names.indexOf(bound) !== index)
        context.addIssue({ code: 'custom', path: [index], message: `binds ${bound} a second time` });
    }
  });

/** A Kafka of MSK whose topics are read: those that the bindings name, and that of envelopes. None without it. */
export const mskSchema = z
  .strictObject({
    /** A cluster that is there and lets roles in by IAM. Without it one is made, serverless, in the VPC. */
    clusterArn: name(
      /^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:cluster\/[A-Za-z0-9-]+\/[A-Za-z0-9-]+$/,
      'the ARN of a cluster of MSK',
    ).optional(),
    /** A topic whose records are all envelopes that ENVELOPE_SECRET signs. */
    envelopeTopic: streamName.optional(),
    /** Of each topic: a poller reads up to 5 MB/s, and is paid for while it waits. */
    minPollers: z.int().min(1).max(200),
    maxPollers: z.int().min(1).max(2000),
  })
  .refine(({ minPollers, maxPollers }) => minPollers <= maxPollers, { error: 'has more minPollers than maxPollers' })
  .optional();

export type MskSettings = NonNullable<z.infer<typeof mskSchema>>;

interface StreamSettings {
  readonly streamBindings: z.infer<typeof bindingsSchema>;
  readonly msk?: MskSettings | undefined;
}

/** Topics of Kafka that are read. */
export function topicsOf({ streamBindings, msk }: StreamSettings): string[] {
  const bound = streamBindings.flatMap(({ topic }) => topic ?? []);
  const ours = msk?.envelopeTopic;
  return [...new Set(ours === undefined ? bound : [...bound, ours])];
}

/** Kinesis streams that are read beside our own. */
export function boundStreamsOf({ streamBindings }: StreamSettings): string[] {
  return streamBindings.flatMap(({ stream }) => stream ?? []);
}

/** Topics and what reads them go together. */
export function checkTopics(settings: StreamSettings, context: z.core.$RefinementCtx): void {
  const [topic] = topicsOf(settings);
  if (settings.msk === undefined && topic !== undefined) {
    context.addIssue({ code: 'custom', path: ['streamBindings'], message: `binds topic ${topic}, and msk is not set` });
  }
  if (settings.msk !== undefined && topic === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['msk'],
      message: 'is set, and neither it nor streamBindings names a topic',
    });
  }
}
