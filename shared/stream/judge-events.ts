import type { JsonValue } from '../aggregation/index.ts';
import type { RowErrorCode } from '../contract/errors.ts';
import { ingestLimits } from '../contract/limits.ts';
import { parseTime, toMicros } from '../contract/time.ts';
import { ownColumns } from '../events/index.ts';
import type { StreamSource } from '../registry/index.ts';
import { foldedValue, type StreamEvent } from '../tiles/index.ts';
import { codecs, elementOf, isValueError, jsonOf } from '../values/index.ts';

/** An event as a transport hands it on. */
export interface IncomingEvent {
  /** Its identity within the source: of the source's event_id field, beside the fields, or the transport's own. */
  readonly eventId: string;
  /** JSON values by field. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** When it reached us, the same on each delivery: microseconds since the epoch. */
  readonly arrivalMicros: number;
}

/** Why an event was refused, and its place among those given. */
export interface EventRejection {
  readonly index: number;
  readonly code: RowErrorCode;
  readonly detail: string;
}

/** An event that may be stored. */
export interface JudgedEvent extends StreamEvent {
  readonly arrivalMicros: number;
  /** Of its columns in the raw table, as elements of array literals. */
  readonly elements: readonly string[];
}

export interface JudgeSettings {
  readonly nowMicros: number;
  /** How far an event time may be ahead. */
  readonly futureToleranceMicros: number;
}

export interface JudgedEvents {
  /** Each id once, its first event. */
  readonly events: readonly JudgedEvent[];
  /** Of the events that stand: how many there were, those with an id that another had before them too. */
  readonly accepted: number;
  readonly rejected: readonly EventRejection[];
}

type EventError = Omit<EventRejection, 'index'>;

const microsPerDay = 86_400_000_000;
/** From 2255 on microseconds are not exact in a double. */
const endOfTimeMicros = Date.UTC(2255, 0, 1) * 1000;
/** An index holds 2,704 bytes of a row. */
const mostIdBytes = 1024;

/**
 * Judges each event by itself against the source, by the rules of docs/semantics.md sections 2, 3 and 5. Bad ones are values
 * with their index: one never spoils the others.
 */
export function judgeEvents(
  source: StreamSource,
  given: readonly IncomingEvent[],
  settings: JudgeSettings,
): JudgedEvents {
  const judge = createJudge(source, settings);
  const events = new Map<string, JudgedEvent>();
  const rejected: EventRejection[] = [];
  let accepted = 0;
  for (const [index, event] of given.entries()) {
    const judged = judge(event);
    if ('code' in judged) rejected.push({ index, ...judged });
    else {
      accepted++;
      if (!events.has(judged.eventId)) events.set(judged.eventId, judged);
    }
  }
  return { events: [...events.values()], accepted, rejected };
}

function createJudge(
  source: StreamSource,
  settings: JudgeSettings,
): (event: IncomingEvent) => JudgedEvent | EventError {
  const columns = new Map(ownColumns(source.fields).map(({ name }, place) => [name, place]));
  const fields = new Map(
    source.fields.map(({ name, dtype }) => [name, { dtype, encode: codecs[dtype].encode, column: columns.get(name) }]),
  );

  return ({ eventId, fields: given, arrivalMicros }) => {
    const idError = judgeId(eventId);
    if (idError !== undefined) return idError;
    const eventMicros = judgeTime(source, given[source.eventTime], arrivalMicros, settings);
    if (typeof eventMicros !== 'number') return eventMicros;
    const values: Record<string, JsonValue> = {};
    const elements = new Array<string>(columns.size).fill('NULL');
    let length = 0;
    for (const name in given) {
      const value = given[name];
      const field = fields.get(name);
      if (field === undefined) {
        // Where it is no field of the source, it is the identity, or stands beside that.
        if (name === 'event_id') continue;
        return { code: 'unknown_field', detail: `${source.name} has no field ${shown(name)}` };
      }
      if (value === null || value === undefined) continue;
      const encoded = field.encode(value);
      if (isValueError(encoded)) return { code: encoded.code, detail: `${name} ${encoded.detail}` };
      length += jsonOf(encoded).length;
      values[name] = foldedValue(field.dtype, value, encoded);
      if (field.column !== undefined) elements[field.column] = elementOf(encoded);
    }
    // What is not ASCII has up to three bytes a character.
    if (length > ingestLimits.rowBytes / 3) return tooLong;
    return { eventId, eventMicros, arrivalMicros, values, elements };
  };
}

const tooLong: EventError = {
  code: 'too_long',
  detail: `an event has at most ${Math.floor(ingestLimits.rowBytes / 3)} characters`,
};

function judgeId(eventId: string): EventError | undefined {
  if (eventId === '') return { code: 'invalid_row', detail: 'event_id: an empty text tells no event apart' };
  if (eventId.includes('\0') || !eventId.isWellFormed()) {
    return { code: 'invalid_text', detail: 'event_id has a NUL character or a lone surrogate' };
  }
  if (eventId.length > mostIdBytes / 3 && Buffer.byteLength(eventId) > mostIdBytes) {
    return { code: 'too_long', detail: `event_id is longer than ${mostIdBytes} bytes` };
  }
  return undefined;
}

const outOfRange: EventError = { code: 'event_time_out_of_range', detail: 'event_time: before 1970 or after 2254' };

/** By the arrival, which a retry does not change, unless it claims to be in the future. */
function judgeTime(
  { name, eventTime, retentionDays }: StreamSource,
  given: unknown,
  arrivalMicros: number,
  { nowMicros, futureToleranceMicros }: JudgeSettings,
): number | EventError {
  const time = parseTime(given);
  if (time === undefined && typeof given === 'number' && Number.isFinite(given)) return outOfRange;
  if (time === undefined) {
    return {
      code: 'invalid_event_time',
      detail: `${eventTime}: RFC 3339 (such as 2026-01-31T12:00:00Z), a date, or epoch milliseconds`,
    };
  }
  const micros = toMicros(time);
  if (micros < 0 || micros >= endOfTimeMicros) return outOfRange;
  const arrived = Math.min(arrivalMicros, nowMicros);
  if (micros > arrived + futureToleranceMicros) {
    return {
      code: 'event_time_in_future',
      detail: `${eventTime}: more than ${futureToleranceMicros / 1e6} s ahead of the clock`,
    };
  }
  if (retentionDays > 0 && micros < arrived - retentionDays * microsPerDay) {
    return { code: 'event_time_beyond_retention', detail: `${eventTime}: ${name} keeps ${retentionDays} days` };
  }
  return micros;
}

/** A name that a producer sent, short and well formed enough to send back. */
function shown(name: string): string {
  return JSON.stringify((name.length > 64 ? `${name.slice(0, 64)}…` : name).toWellFormed());
}
