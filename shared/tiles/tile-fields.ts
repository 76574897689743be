import { hourMicros, linesOf, sectionsOf } from '../aggregation/index.ts';
import { newestOf, oneMore, orderText, tileFields, writePartText } from '../cache/index.ts';
import type { StreamPlan } from './stream-plan.ts';
import { isLate } from './tail-hours.ts';
import { lifetimeHour, type TileRow } from './tile-rows.ts';

/** A field of an entity in the cache, and what it is offered: the newest stays, by revision, whoever writes last. */
export interface TileField {
  readonly field: string;
  readonly stored: string;
}

export interface TileFieldsOptions {
  readonly nowMicros: number;
  /** False where the cache has them: they did not change with this revision. */
  readonly withSketches: boolean;
}

/**
 * What the cache holds of a tile: of each group of windows its numbers, as a part of the span that the hour is in, and its
 * sketches. What is out of all windows stays out.
 */
export function tileFieldsOf(
  plan: StreamPlan,
  row: TileRow,
  { nowMicros, withSketches }: TileFieldsOptions,
): TileField[] {
  if (row.hourMicros === lifetimeHour) return [lifetimeField(plan, row)];
  if (!Number.isFinite(row.hourMicros)) return [];
  const { table, spans } = plan;
  const { hourMicros: start, revision } = row;
  const sections = sectionsOf(row.state);
  // Of a sum that was spilled the numbers alone say nothing: an empty part has the tables asked.
  const isSpilled = sections.length > spans.length;
  const lines = withSketches && row.sketches !== null ? linesOf(row.sketches) : [];
  const fields: TileField[] = [];
  for (let group = 0; group < spans.length; group++) {
    const span = spans[group];
    if (span === undefined || span.reachMicros === 0 || start < firstHour(nowMicros, span.reachMicros)) continue;
    const number = Math.floor(start / span.spanMicros);
    const name = (start - number * span.spanMicros) / hourMicros;
    const text = isSpilled ? '' : (sections[group] ?? '');
    fields.push({
      field: tileFields.numbers(table, group, number, span.ringSpans),
      stored: writePartText({ kind: group, number }, [{ name, revision, text }]),
    });
    // Whoever holds a tail merged what the hour was before.
    if (span.tail !== undefined && isLate(start, nowMicros))
      fields.push({ field: tileFields.late(table, group), stored: oneMore });
    const line = lines[group] ?? '';
    if (line === '') continue;
    const hour = start / hourMicros;
    fields.push({
      field: tileFields.sketches(table, group, hour, span.ringHours),
      stored: `[${orderText(hour, revision)},${group},${line}]`,
    });
  }
  return fields;
}

/** Of many tiles of one entity, each field once. */
export function tileFieldsOfAll(plan: StreamPlan, rows: readonly TileRow[], nowMicros: number): TileField[] {
  const fields = new Map<string, string>();
  for (const row of rows) {
    for (const { field, stored } of tileFieldsOf(plan, row, { nowMicros, withSketches: true })) {
      const newest = stored === oneMore ? stored : newestOf(stored, fields.get(field));
      if (newest !== undefined) fields.set(field, newest);
    }
  }
  return [...fields].map(([field, stored]) => ({ field, stored }));
}

/** The first hour that windows of this reach may need from now on. */
export function firstHour(nowMicros: number, reachMicros: number): number {
  return Math.floor((nowMicros - reachMicros) / hourMicros) * hourMicros;
}

function lifetimeField({ table }: StreamPlan, { state, sketches, newestMicros, revision }: TileRow): TileField {
  const tile = `${JSON.stringify(state)},${JSON.stringify(sketches)},${newestMicros}`;
  return { field: tileFields.lifetime(table), stored: `[${orderText(0, revision)},${tile}]` };
}
