import { normalizeEntityId } from '../contract/entity-id.ts';
import { FeatureStoreError, type RowErrorCode } from '../contract/errors.ts';
import { eventsLimits } from '../contract/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import { newestOf, type Registries, type StreamSource } from '../registry/index.ts';
import type { EventRejection, IncomingEvent } from '../stream/index.ts';
import type { EventLog } from './event-log.ts';
import { findSource } from './find-source.ts';
import { type IdentifiedEvent, identifyEvent } from './identify-event.ts';
import { type PackedEvent, packEvents } from './pack-events.ts';
import { timeOrderedId } from './time-ordered-id.ts';

/** As folding judges them. */
export type JudgeEvents = (
  source: StreamSource,
  events: readonly IncomingEvent[],
  settings: { readonly nowMicros: number; readonly futureToleranceMicros: number },
) => { readonly rejected: readonly EventRejection[] };

export interface PublishDependencies {
  readonly registries: Registries;
  readonly clock: Clock;
  readonly eventLog: EventLog;
  readonly judgeEvents: JudgeEvents;
  readonly envelopeSecret: string;
  /** Seconds that an event time may be ahead of the clock. */
  readonly futureToleranceSeconds: number;
}

export interface PublishRequest {
  readonly source: string;
  /** As they came. */
  readonly events: readonly unknown[];
}

export interface PublishAnswer {
  readonly accepted: number;
  /** Of the accepted events, in their order. */
  readonly eventIds: readonly string[];
  readonly rejected: readonly EventRejection[];
}

export type PublishEvents = (ctx: TenantContext, request: PublishRequest) => Promise<PublishAnswer>;

/**
 * Judges events by their source as folding will, and writes the good ones to the event log, in envelopes that we sign. Throws
 * invalid_name, source_not_found, no_event_accepted with the rejections, and UnavailableError where the log is away: events may
 * have been written by then, and count once for the ids that they bear.
 */
export function createPublishEvents(dependencies: PublishDependencies): PublishEvents {
  const { registries, clock, eventLog, judgeEvents, envelopeSecret } = dependencies;
  const futureToleranceMicros = dependencies.futureToleranceSeconds * 1_000_000;

  return async (ctx, request) => {
    let source = await findSource(registries, ctx, request.source);
    const nowMicros = clock.nowMicros();
    const judge = (): JudgedRequest =>
      judgeRequest(source, request.events, nowMicros, (events) =>
        judgeEvents(source, events, { nowMicros, futureToleranceMicros }),
      );
    let judged = judge();
    if (judged.rejected.some(({ code }) => code === 'unknown_field')) {
      // Another process may have added the field within this second.
      source = (await registries.check(ctx)).source(request.source);
      judged = judge();
    }
    const { accepted, rejected } = judged;
    if (accepted.length === 0) {
      throw new FeatureStoreError('no_event_accepted', `none of ${request.events.length} events was accepted`, {
        accepted: 0,
        event_ids: [],
        rejected,
      });
    }
    const keyField = await entityKeyOf(registries, ctx, source);
    const settings = { tenant: ctx.tenantName, source: source.name, envelopeSecret };
    await eventLog.append(packEvents(accepted.map(packedBy(keyField)), settings));
    return { accepted: accepted.length, eventIds: accepted.map(({ eventId }) => eventId), rejected };
  };
}

interface WrittenEvent extends IdentifiedEvent {
  readonly json: string;
}

interface JudgedRequest {
  readonly accepted: readonly WrittenEvent[];
  /** By their place. */
  readonly rejected: readonly EventRejection[];
}

function judgeRequest(
  source: StreamSource,
  given: readonly unknown[],
  nowMicros: number,
  judge: (events: readonly IncomingEvent[]) => { rejected: readonly EventRejection[] },
): JudgedRequest {
  const rejected = new Map<number, EventRejection>();
  const refuse = (index: number, code: RowErrorCode, detail: string): void => {
    rejected.set(index, { index, code, detail });
  };
  const written: (WrittenEvent & { index: number })[] = [];
  for (const [index, event] of given.entries()) {
    const identified = identifyEvent(source, event, () => timeOrderedId(nowMicros, index));
    if ('code' in identified) {
      refuse(index, identified.code, identified.detail);
      continue;
    }
    const json = JSON.stringify(asWritten(source, identified));
    if (Buffer.byteLength(json) <= eventsLimits.eventBytes) written.push({ ...identified, json, index });
    else refuse(index, 'too_long', `an event has at most ${eventsLimits.eventBytes} bytes as JSON`);
  }
  const judged = judge(written.map(({ eventId, fields }) => ({ eventId, fields, arrivalMicros: nowMicros })));
  for (const { index: place, code, detail } of judged.rejected) {
    const event = written[place];
    if (event !== undefined) refuse(event.index, code, detail);
  }
  return {
    accepted: written.filter(({ index }) => !rejected.has(index)),
    rejected: [...rejected.values()].sort((a, b) => a.index - b.index),
  };
}

/** With its id, beside the fields where none of them is it. */
function asWritten({ eventId: field }: StreamSource, { eventId, fields }: IdentifiedEvent): Record<string, unknown> {
  const isAmongFields = field !== null && fields[field] !== undefined && fields[field] !== null;
  return isAmongFields ? fields : { ...fields, event_id: eventId };
}

/** The field that the source's stream views are keyed by: of the first, where they differ. */
async function entityKeyOf(
  registries: Registries,
  ctx: TenantContext,
  { name }: StreamSource,
): Promise<string | undefined> {
  const { snapshot } = await registries.current(ctx);
  const streams = snapshot.views.map((view) => newestOf(view).stream);
  return streams.find((stream) => stream?.source === name)?.entityKey;
}

function packedBy(keyField: string | undefined): (event: WrittenEvent) => PackedEvent {
  return ({ eventId, fields, json }) => {
    const entityId = keyField === undefined ? undefined : normalizeEntityId(fields[keyField]);
    return { key: entityId ?? eventId, json };
  };
}
