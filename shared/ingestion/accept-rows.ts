import { normalizeEntityId } from '../contract/entity-id.ts';
import type { RowErrorCode } from '../contract/errors.ts';
import type { RowRejection } from '../contract/ingest.ts';
import { isObject } from '../contract/is-object.ts';
import { ingestLimits } from '../contract/limits.ts';
import { parseTime, toMicros } from '../contract/time.ts';
import type { ViewVersion } from '../registry/index.ts';
import { codecs, createWidthCheck, type EncodedRows, elementOf, isValueError, jsonOf } from '../values/index.ts';

export interface AcceptSettings {
  /**
   * When the request arrived, or each row by itself: created_at of the rows, and what event times are judged by.
   * Microseconds.
   */
  readonly arrivalMicros: number | readonly number[];
  /** How far ahead of the arrival an event time may be. */
  readonly futureToleranceMicros: number;
}

export interface AcceptedRows {
  /** How many rows were accepted; more than are stored where an entity has one event time twice. */
  readonly accepted: number;
  readonly rows: EncodedRows;
  readonly rejected: readonly RowRejection[];
}

/**
 * Characters of details in one answer. 50,000 rejections have 3.8 MB without any, and Lambda answers 6 MB: there a quote
 * within a name within a detail takes four bytes.
 */
const mostDetailCharacters = 512 * 1024;

const microsPerDay = 86_400_000_000;
/** From 2255 on microseconds are not exact in a double. */
const endOfTimeMicros = Date.UTC(2255, 0, 1) * 1000;

/**
 * Judges each row by itself and encodes the good ones for storage, in one pass. Bad rows are values, with their index in
 * the request: one never spoils the others. The rules are those of docs/semantics.md sections 1 to 3; a request that has
 * one entity and event time twice with one arrival keeps the later, so that sent again it gives the same.
 */
export function acceptRows(version: ViewVersion, given: readonly unknown[], settings: AcceptSettings): AcceptedRows {
  const { arrivalMicros } = settings;
  const judge = createJudge(version, settings);
  const rejected: RowRejection[] = [];
  const entityIds: string[] = [];
  const eventMicros: number[] = [];
  const payloads: string[] = [];
  const createdMicros: number[] = [];
  const columns: string[][] = version.features.map(() => []);
  const placeOf = createPlaces(eventMicros, createdMicros);
  let accepted = 0;
  let detailCharacters = 0;
  for (let index = 0; index < given.length; index++) {
    const arrival = typeof arrivalMicros === 'number' ? arrivalMicros : (arrivalMicros[index] ?? 0);
    const judged = judge(given[index], arrival);
    if ('code' in judged) {
      detailCharacters += judged.detail.length;
      rejected.push({
        index,
        code: judged.code,
        detail: detailCharacters > mostDetailCharacters ? '' : judged.detail,
      });
      continue;
    }
    accepted++;
    const { entityId, micros, elements, payload } = judged;
    const place = placeOf(entityId, micros, arrival);
    entityIds[place] = entityId;
    eventMicros[place] = micros;
    createdMicros[place] = arrival;
    payloads[place] = payload;
    for (let position = 0; position < columns.length; position++) {
      const column = columns[position];
      if (column !== undefined) column[place] = elements[position] ?? 'NULL';
    }
  }
  return { accepted, rejected, rows: { entityIds, eventMicros, createdMicros, payloads, columns } };
}

/**
 * Where a row goes: to the next free place, or to that of an earlier row of the same entity, event time and arrival.
 * `eventMicros` and `createdMicros` have the times of the rows that were given a place.
 */
function createPlaces(
  eventMicros: readonly number[],
  createdMicros: readonly number[],
): (entityId: string, micros: number, arrival: number) => number {
  const firstOf = new Map<string, number>();
  const placesOf = new Map<string, Map<string, number>>();
  return (entityId, micros, arrival) => {
    const free = eventMicros.length;
    const first = firstOf.get(entityId);
    if (first === undefined) {
      firstOf.set(entityId, free);
      return free;
    }
    // Few requests have an entity twice: only then its times are kept.
    const places = placesOf.get(entityId) ?? new Map([[`${eventMicros[first]},${createdMicros[first]}`, first]]);
    const place = places.get(`${micros},${arrival}`) ?? free;
    placesOf.set(entityId, places.set(`${micros},${arrival}`, place));
    return place;
  };
}

interface JudgedRow {
  readonly entityId: string;
  readonly micros: number;
  /** By position of the feature: element of an array literal. The next row fills the same list. */
  readonly elements: readonly string[];
  readonly payload: string;
}

interface RowError {
  readonly code: RowErrorCode;
  readonly detail: string;
}

function createJudge(
  version: ViewVersion,
  settings: AcceptSettings,
): (row: unknown, arrivalMicros: number) => JudgedRow | RowError {
  const features = new Map(
    version.features.map(({ name, dtype, position }) => [name, { position, encode: codecs[dtype].encode }]),
  );
  const judgeTime = rememberLast(createTimeJudge(version, settings));
  const isTooWide = createWidthCheck(version.features);
  const elements = new Array<string>(features.size);
  const json = new Array<string>(features.size);

  return (row, arrivalMicros) => {
    if (!isObject(row))
      return { code: 'invalid_row', detail: 'a row is an object with entity_id, event_time and values' };
    for (const field in row) {
      if (field !== 'entity_id' && field !== 'event_time' && field !== 'values') {
        return { code: 'unknown_field', detail: `a row has entity_id, event_time and values, not ${shown(field)}` };
      }
    }
    const entityId = normalizeEntityId(row.entity_id);
    if (entityId === undefined) {
      return {
        code: 'invalid_entity_id',
        detail: 'entity_id: 1 to 512 bytes of text without NUL or lone surrogate, or a safe integer',
      };
    }
    const micros = judgeTime(row.event_time, arrivalMicros);
    if (typeof micros !== 'number') return micros;
    const { values } = row;
    if (!isObject(values))
      return { code: 'invalid_row', detail: 'values: an object of value by feature name is needed' };
    elements.fill('NULL');
    json.fill('null');
    for (const name in values) {
      const feature = features.get(name);
      if (feature === undefined) {
        return {
          code: 'unknown_feature',
          detail: `${version.view} version ${version.version} has no feature ${shown(name)}`,
        };
      }
      const value = values[name];
      if (value === null) continue;
      const encoded = feature.encode(value);
      if (isValueError(encoded)) return { code: encoded.code, detail: `${name} ${encoded.detail}` };
      elements[feature.position] = elementOf(encoded);
      json[feature.position] = jsonOf(encoded);
    }
    if (isTooWide?.(json)) return tooWide;
    const stored = json.join(',');
    if (isTooLong(stored)) return tooLong;
    const payload = `[${micros},${arrivalMicros},${version.revision},${stored}]`;
    return { entityId, micros, elements, payload };
  };
}

const tooWide: RowError = {
  code: 'too_long',
  detail: 'values: wider than a row of Postgres, which holds 296 values of text, bytes, JSON and arrays of any length',
};

const tooLong: RowError = {
  code: 'too_long',
  detail: `values: together over ${ingestLimits.rowBytes} bytes as JSON text`,
};

function isTooLong(json: string): boolean {
  // A third of the limit cannot be exceeded by UTF-8's three bytes a code unit.
  return json.length > ingestLimits.rowBytes / 3 && Buffer.byteLength(json) > ingestLimits.rowBytes;
}

const outOfRange: RowError = { code: 'event_time_out_of_range', detail: 'event_time: before 1970 or after 2254' };

function createTimeJudge(
  { view, retentionDays }: ViewVersion,
  settings: AcceptSettings,
): (given: unknown, arrivalMicros: number) => number | RowError {
  return (given, arrivalMicros) => {
    const latest = arrivalMicros + settings.futureToleranceMicros;
    const earliest = retentionDays === 0 ? 0 : arrivalMicros - retentionDays * microsPerDay;
    const time = parseTime(given);
    // Epoch milliseconds beyond year 9999, which are no Time: microseconds sent by mistake, as a rule.
    if (time === undefined && typeof given === 'number' && Number.isFinite(given)) return outOfRange;
    if (time === undefined) {
      return {
        code: 'invalid_event_time',
        detail: 'event_time: RFC 3339 (such as 2026-01-31T12:00:00Z), a date, or epoch milliseconds',
      };
    }
    const micros = toMicros(time);
    if (micros < 0 || micros >= endOfTimeMicros) return outOfRange;
    if (micros > latest) {
      return {
        code: 'event_time_in_future',
        detail: `event_time: more than ${settings.futureToleranceMicros / 1e6} s ahead of the clock`,
      };
    }
    if (micros < earliest) {
      return { code: 'event_time_beyond_retention', detail: `event_time: ${view} keeps ${retentionDays} days` };
    }
    return micros;
  };
}

/** The rows of a batch often share their event time, and those of a request their arrival. */
function rememberLast<Result>(
  judge: (given: unknown, arrivalMicros: number) => Result,
): (given: unknown, arrivalMicros: number) => Result {
  let last: { readonly given: unknown; readonly arrivalMicros: number; readonly result: Result } | undefined;
  return (given, arrivalMicros) => {
    if (last === undefined || last.given !== given || last.arrivalMicros !== arrivalMicros) {
      last = { given, arrivalMicros, result: judge(given, arrivalMicros) };
    }
    return last.result;
  };
}

/** A name that a caller sent, short and well formed enough to send back. */
function shown(name: string): string {
  return JSON.stringify((name.length > 64 ? `${name.slice(0, 64)}…` : name).toWellFormed());
}
