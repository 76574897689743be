import type { FeatureStatus } from '../contract/online.ts';
import { formatMicros } from '../contract/time.ts';
import type { PlannedFeature, ReadPlan } from '../registry/index.ts';
import { type StoredRow, statusOf } from '../values/index.ts';
import type { BoundRow } from './bind-entities.ts';

/** The rows behind an answer: for each input row one per table of the plan. */
export interface AnswerRows {
  readonly bound: readonly BoundRow[];
  /** Row-major: input row times the plan's slots. */
  readonly stored: readonly (StoredRow | undefined)[];
  /** Places of `stored` that no store could answer. */
  readonly unavailable: ReadonlySet<number>;
  readonly asOfMicros: number;
  readonly includeMetadata: boolean;
}

/**
 * Answers are written as JSON text straight from the rows: the names are JSON already in the plan, and a list of 5,000
 * values needs no objects of its own.
 */
export function writeOneAnswer(plan: ReadPlan, rows: AnswerRows): string {
  const eventTimes = new Array<string | undefined>(plan.slots);
  let features = '';
  let metadata = '';
  for (const planned of plan.distinctFeatures) {
    const row = rows.stored[planned.slot];
    const status = statusAt(rows, planned, planned.slot);
    features += `${features === '' ? '' : ','}${planned.jsonName}:${valueText(row, planned, status)}`;
    if (!rows.includeMetadata) continue;
    metadata += `${metadata === '' ? '' : ','}${planned.jsonName}:{"status":"${status}",`;
    if (row === undefined || status === 'NOT_FOUND' || status === 'UNAVAILABLE') {
      metadata += `"event_time":null,"age_seconds":null,"version":${planned.version}}`;
    } else {
      eventTimes[planned.slot] ??=
        `"event_time":"${formatMicros(row.eventMicros)}","age_seconds":${ageSeconds(row, rows.asOfMicros)},`;
      metadata += `${eventTimes[planned.slot]}"version":${planned.version}}`;
    }
  }
  const echo = rows.bound[0]?.echo ?? '';
  return rows.includeMetadata
    ? `{${echo},"features":{${features}},"metadata":{${metadata}}}`
    : `{${echo},"features":{${features}}}`;
}

export function writeManyAnswer(plan: ReadPlan, rows: AnswerRows): string {
  const names = `[${plan.features.map(({ jsonName }) => jsonName).join(',')}]`;
  const written = rows.bound.map(({ echo }, index) => writeRow(plan, rows, echo, index * plan.slots));
  return `{"feature_names":${names},"rows":[${written.join(',')}]}`;
}

function writeRow(plan: ReadPlan, rows: AnswerRows, echo: string, firstSlot: number): string {
  let values = '';
  let statuses = '';
  for (const planned of plan.features) {
    const place = firstSlot + planned.slot;
    const status = statusAt(rows, planned, place);
    const separator = values === '' ? '' : ',';
    values += separator + valueText(rows.stored[place], planned, status);
    if (rows.includeMetadata) statuses += `${separator}"${status}"`;
  }
  return rows.includeMetadata
    ? `{${echo},"values":[${values}],"statuses":[${statuses}]}`
    : `{${echo},"values":[${values}]}`;
}

function statusAt(rows: AnswerRows, { feature, ttlMicros }: PlannedFeature, place: number): FeatureStatus {
  if (rows.unavailable.size > 0 && rows.unavailable.has(place)) return 'UNAVAILABLE';
  return statusOf(rows.stored[place], feature.position, ttlMicros, rows.asOfMicros);
}

function valueText(row: StoredRow | undefined, { feature }: PlannedFeature, status: FeatureStatus): string {
  return (status === 'PRESENT' ? row?.values[feature.position] : undefined) ?? 'null';
}

/** To the millisecond. */
function ageSeconds(row: StoredRow, asOfMicros: number): number {
  return Math.round((asOfMicros - row.eventMicros) / 1000) / 1000;
}
