import { formatMicros } from '../contract/time.ts';
import * as z from '../contract/zod.ts';
import type { BindingTarget } from '../platform/stream-bindings.ts';
import type { EventRefusal } from './identify-event.ts';
import type { StreamRecord } from './stream-record.ts';

/** Why a record, or some of its events or rows, changed nothing. */
export interface DeadLetter {
  readonly record: StreamRecord;
  /** Of the binding, or of a signed envelope; undefined for a record that is nobody's. */
  readonly tenant: string | undefined;
  readonly target: BindingTarget | undefined;
  /** A stable code; that of the first where several events or rows are refused. */
  readonly reason: string;
  readonly detail: string;
  /** By place in the record; without it the whole record is refused. */
  readonly refused?: readonly (EventRefusal & { readonly index: number })[];
}

const noTenant = '(none)';

/** `date/tenant/stream/position.json`, by the record alone: what is refused again at a retry overwrites what it was. */
export function deadLetterKey({ record, tenant = noTenant }: Pick<DeadLetter, 'record' | 'tenant'>): string {
  const { arrivalMicros, stream, shard, sequence } = record;
  const date = formatMicros(Math.max(0, arrivalMicros)).slice(0, 10);
  return `${date}/${tenant}/${stream}/${shard}-${sequence}.json`;
}

export function writeDeadLetter({ record, tenant, target, reason, detail, refused }: DeadLetter): string {
  const { transport, stream, shard, sequence, arrivalMicros, data } = record;
  return JSON.stringify({
    reason,
    detail,
    tenant: tenant ?? null,
    target: target ?? null,
    transport,
    stream,
    shard,
    sequence,
    arrival: formatMicros(Math.max(0, arrivalMicros)),
    arrival_micros: arrivalMicros,
    refused: refused ?? null,
    data,
  });
}

const deadLetterSchema = z.object({
  transport: z.enum(['kinesis', 'kafka']),
  stream: z.string(),
  shard: z.string(),
  sequence: z.string().check(z.regex(/^\d+$/)),
  arrival_micros: z.number(),
  refused: z.nullable(z.array(z.object({ index: z.number() }))),
  data: z.base64(),
});

/**
 * The record to deliver again: with its first arrival, and where only some of it was refused those alone. Undefined where the
 * text is no dead letter.
 */
export function readDeadLetter(text: string): StreamRecord | undefined {
  const { data: letter } = deadLetterSchema.safeParse(parseJson(text));
  if (letter === undefined) return undefined;
  const { arrival_micros, refused, data, ...position } = letter;
  return {
    ...position,
    arrivalMicros: arrival_micros,
    data,
    ...(refused === null ? {} : { places: refused.map(({ index }) => index) }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
