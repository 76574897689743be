import { type FeatureStatus, featureStatuses } from '../contract/online.ts';
import { formatMicros } from '../contract/time.ts';
import { answerTooLarge } from '../platform/answer-limit.ts';
import type { PlannedFeature, PlannedRun, ReadPlan } from '../registry/index.ts';
import { isOutsideMaxAge, type StoredRow, statusOf } from '../values/index.ts';
import type { BoundRow } from './bind-entities.ts';

/** The rows behind an answer. */
export interface AnswerRows {
  readonly bound: readonly BoundRow[];
  /** By place: where a bound entity says that the rows of its tables are. */
  readonly stored: readonly (StoredRow | undefined)[];
  /** Places of `stored` that no store could answer. */
  readonly unavailable: ReadonlySet<number>;
  readonly asOfMicros: number;
  readonly includeMetadata: boolean;
  readonly maxBytes: number;
}

/**
 * Answers are written as JSON text straight from the rows: the names are JSON already in the plan, and a list of 5,000
 * values needs no objects of its own. They stop with payload_too_large where they have more characters than `maxBytes`, before
 * these are put together: one entity asked a thousand times answers its row a thousand times.
 */
export function writeOneAnswer(plan: ReadPlan, rows: AnswerRows): string {
  const eventTimes = new Array<string | undefined>(plan.slots);
  const bound = rows.bound[0] ?? { entities: [], echo: '' };
  let features = '';
  let metadata = '';
  let windowMicros: number | null | undefined;
  let windowText = '';
  for (const planned of plan.distinctFeatures) {
    const place = placeOf(bound, planned);
    const row = rows.stored[place];
    const status = statusAt(rows, planned, place);
    features += planned.member + valueText(row, planned, status);
    if (features.length > rows.maxBytes) throw answerTooLarge(rows.maxBytes);
    if (!rows.includeMetadata) continue;
    metadata += status === 'PRESENT' ? planned.presentMember : `${planned.member}{"status":"${status}",`;
    if (row === undefined || status === 'NOT_FOUND' || status === 'UNAVAILABLE') {
      metadata += noEventTime + planned.versionEnd;
    } else if (row.eventTimes !== undefined) {
      // Each window has a newest event of its own, which is most often that of the one before.
      const micros = row.eventTimes[planned.feature.position] ?? null;
      if (micros !== windowMicros) windowText = eventTimeText(micros, rows.asOfMicros);
      windowMicros = micros;
      metadata += windowText + planned.versionEnd;
    } else {
      eventTimes[planned.slot] ??= eventTimeText(row.eventMicros, rows.asOfMicros);
      metadata += eventTimes[planned.slot] + planned.versionEnd;
    }
  }
  const { echo } = bound;
  return rows.includeMetadata
    ? `{${echo},"features":{${features}},"metadata":{${metadata}}}`
    : `{${echo},"features":{${features}}}`;
}

export function writeManyAnswer(plan: ReadPlan, rows: AnswerRows): string {
  // Put together at the end, so that the texts of rows are copied once.
  const pieces = [plan.listHead];
  let length = 0;
  for (const [index, bound] of rows.bound.entries()) {
    const { values, statuses } = writeLists(plan, rows, bound);
    pieces.push(index === 0 ? '{' : ',{', bound.echo, ',"values":[', values);
    if (rows.includeMetadata) pieces.push('],"statuses":[', statuses);
    pieces.push(']}');
    length += bound.echo.length + values.length + (rows.includeMetadata ? statuses.length : 0);
    if (length > rows.maxBytes) throw answerTooLarge(rows.maxBytes);
  }
  pieces.push(']}');
  return pieces.join('');
}

function writeLists(plan: ReadPlan, rows: AnswerRows, bound: BoundRow): { values: string; statuses: string } {
  const values: string[] = [];
  const statuses: string[] = [];
  let length = 0;
  const add = (value: string, status: string): void => {
    length += value.length;
    if (length > rows.maxBytes) throw answerTooLarge(rows.maxBytes);
    values.push(value);
    statuses.push(status);
  };
  for (const run of plan.runs) {
    const place = placeOf(bound, run.features[0]);
    const copied = run.beginsRow ? presentRun(rows, run, place) : undefined;
    if (copied !== undefined) {
      add(copied, run.presentStatuses);
      continue;
    }
    for (const planned of run.features) {
      const status = statusAt(rows, planned, place);
      add(valueText(rows.stored[place], planned, status), statusTexts[status]);
    }
  }
  return { values: values.join(','), statuses: statuses.join(',') };
}

/** The values of a run that rows begin with as the row has them, where all are present. */
function presentRun(rows: AnswerRows, { features }: PlannedRun, place: number): string | undefined {
  if (rows.unavailable.size > 0 && rows.unavailable.has(place)) return undefined;
  const row = rows.stored[place];
  if (row?.presentText === undefined || isOutsideMaxAge(row, features[0].ttlMicros, rows.asOfMicros)) return undefined;
  return row.presentText(features.length);
}

const statusTexts = Object.fromEntries(featureStatuses.map((status) => [status, `"${status}"`] as const)) as Readonly<
  Record<FeatureStatus, string>
>;

function placeOf({ entities }: BoundRow, { entity, table }: PlannedFeature): number {
  return (entities[entity]?.firstPlace ?? 0) + table;
}

function statusAt(rows: AnswerRows, { feature, ttlMicros }: PlannedFeature, place: number): FeatureStatus {
  if (rows.unavailable.size > 0 && rows.unavailable.has(place)) return 'UNAVAILABLE';
  return statusOf(rows.stored[place], feature.position, ttlMicros, rows.asOfMicros);
}

function valueText(row: StoredRow | undefined, { feature }: PlannedFeature, status: FeatureStatus): string {
  return (status === 'PRESENT' ? row?.values[feature.position] : undefined) ?? 'null';
}

const noEventTime = '"event_time":null,"age_seconds":null';

/** The age to the millisecond. Null where no event was counted. */
function eventTimeText(eventMicros: number | null, asOfMicros: number): string {
  if (eventMicros === null) return noEventTime;
  const ageSeconds = Math.round((asOfMicros - eventMicros) / 1000) / 1000;
  return `"event_time":"${formatMicros(eventMicros)}","age_seconds":${ageSeconds}`;
}
