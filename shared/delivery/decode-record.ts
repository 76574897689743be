import { isObject } from '../contract/is-object.ts';
import type { BindingTarget, StreamBinding } from '../platform/stream-bindings.ts';
import { envelopeOf, isSigned } from './envelope.ts';
import { isRefusal, type Refusal, readBody } from './read-body.ts';
import type { StreamRecord } from './stream-record.ts';

export interface DecodeSettings {
  readonly bindings: readonly StreamBinding[];
  /** Without it no signed record is taken. */
  readonly envelopeSecret: string | undefined;
}

/** What a record brings, and for whom. Events and rows are as they came: each is judged by itself, later. */
export interface DecodedRecord {
  readonly tenant: string;
  readonly target: BindingTarget;
  /** At least one. */
  readonly items: readonly unknown[];
}

export interface RefusedRecord extends Refusal {
  /** Whose stream it came by; undefined where it is nobody's. */
  readonly tenant: string | undefined;
}

/**
 * Reads a record's bytes. Who says the tenant: a record that bears our signature says it itself; any other is of the tenant
 * and the source (or view) that its stream is bound to, whatever it says, and one that claims another is refused.
 */
export function decodeRecord(record: StreamRecord, settings: DecodeSettings): DecodedRecord | RefusedRecord {
  const binding = settings.bindings.find(
    ({ transport, stream }) => transport === record.transport && stream === record.stream,
  );
  const decoded = decode(record, binding, settings.envelopeSecret);
  return 'reason' in decoded ? { ...decoded, tenant: binding?.tenant } : decoded;
}

function decode(
  { data, stream }: StreamRecord,
  binding: StreamBinding | undefined,
  secret: string | undefined,
): DecodedRecord | Refusal {
  const read = readBody(Buffer.from(data, 'base64'));
  if (isRefusal(read)) return read;
  const envelope = envelopeOf(read.body);
  if (envelope !== undefined) {
    if (secret === undefined || !isSigned(envelope, secret)) {
      return { reason: 'wrong_signature', detail: 'the signature of the envelope is not ours' };
    }
    return decodeSigned(envelope.payload);
  }
  if (binding === undefined) {
    return { reason: 'stream_not_bound', detail: `STREAM_BINDINGS does not say whose the records of ${stream} are` };
  }
  return decodeBound(read.body, binding);
}

/** `{tenant, source, events}`, `{tenant, view, rows}`, or one event or row beside the two names. */
function decodeSigned(payload: string): DecodedRecord | Refusal {
  const read = readBody(Buffer.from(payload));
  if (isRefusal(read)) return read;
  if (!isObject(read.body)) return notAnObject;
  const { tenant, ...rest } = read.body;
  const target = targetOf(rest);
  if (typeof tenant !== 'string' || target === undefined) {
    return { reason: 'invalid_envelope', detail: 'a signed envelope names its tenant, and a source or a view' };
  }
  const { [target.kind]: _, ...content } = rest;
  return itemsOf(content, tenant, target);
}

function targetOf({ source, view }: Record<string, unknown>): BindingTarget | undefined {
  if (typeof source === 'string') return { kind: 'source', name: source };
  return typeof view === 'string' ? { kind: 'view', name: view } : undefined;
}

function decodeBound(body: unknown, { tenant, target }: StreamBinding): DecodedRecord | Refusal {
  if (!isObject(body)) return notAnObject;
  if (!isClaim(body, target)) return itemsOf(body, tenant, target);
  const { tenant: claimedTenant, source, view, ...content } = body;
  if (claimedTenant !== undefined && claimedTenant !== tenant) {
    return {
      reason: 'tenant_not_bound',
      detail: `the record claims another tenant than ${tenant}, whose stream it came by`,
    };
  }
  const other = target.kind === 'source' ? view : source;
  const same = target.kind === 'source' ? source : view;
  if (other !== undefined || (same !== undefined && same !== target.name)) {
    return {
      reason: 'target_not_bound',
      detail: `the record claims to be for another than ${target.kind} ${target.name}`,
    };
  }
  return itemsOf(content, tenant, target);
}

/**
 * Whether `tenant`, `source` and `view` of a record say whose it is. A row has no members of these names, nor has an envelope.
 * An event may have fields of them: it claims where it has the tenant with one of the others. In an envelope nothing of an event
 * is a claim.
 */
function isClaim(body: Record<string, unknown>, target: BindingTarget): boolean {
  if (target.kind === 'view' || isEnvelope(body, 'events')) return true;
  return typeof body.tenant === 'string' && (typeof body.source === 'string' || typeof body.view === 'string');
}

const names: ReadonlySet<string> = new Set(['tenant', 'source', 'view']);

function isEnvelope(body: Record<string, unknown>, list: 'events' | 'rows'): boolean {
  return Array.isArray(body[list]) && Object.keys(body).every((member) => member === list || names.has(member));
}

function itemsOf(content: Record<string, unknown>, tenant: string, target: BindingTarget): DecodedRecord | Refusal {
  const list = target.kind === 'source' ? 'events' : 'rows';
  const listed = content[list];
  if (!isEnvelope(content, list) || !Array.isArray(listed)) return { tenant, target, items: [content] };
  if (listed.length === 0) return { reason: 'invalid_envelope', detail: `the envelope has no ${list}` };
  return { tenant, target, items: listed };
}

const notAnObject: Refusal = { reason: 'not_an_object', detail: 'a record is an object of JSON' };
