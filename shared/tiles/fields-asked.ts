import { hourMicros, windowStart } from '../aggregation/index.ts';
import { tileFields } from '../cache/index.ts';
import type { WindowsAsked } from './ask-windows.ts';
import { tailFieldsOf } from './cached-tails.ts';
import { tailEnd } from './tail-hours.ts';

/**
 * The fields of the cache that hold what was asked, for a moment of this hour: the marks, the running lifetime, each span of the
 * windows, and hours of sketches where they are needed.
 * Without `isWhole`, of groups with a tail the spans after it alone.
 */
export function fieldsAsked(asked: WindowsAsked, nowMicros: number, isWhole: boolean): readonly string[] {
  const hour = Math.floor(nowMicros / hourMicros);
  const made = isWhole ? wholes : parts;
  const known = made.get(asked);
  if (known?.hour === hour) return known.fields;
  const fields = listFields(asked, hour * hourMicros, isWhole);
  made.set(asked, { hour, fields });
  return fields;
}

interface FieldsOfHour {
  readonly hour: number;
  readonly fields: readonly string[];
}

/** Of what was asked last, since each hour has other fields. */
const wholes = new WeakMap<WindowsAsked, FieldsOfHour>();
const parts = new WeakMap<WindowsAsked, FieldsOfHour>();

/** A window that ends within the hour begins no earlier than that which ends with its start. */
function listFields(asked: WindowsAsked, nowMicros: number, isWhole: boolean): string[] {
  const { plan, windowed, lifetimePositions, byTail } = asked;
  const { table, spans } = plan;
  const fields = [tileFields.begun(table), tileFields.done(table)];
  if (lifetimePositions.length > 0) fields.push(tileFields.lifetime(table));
  fields.push(...tailFieldsOf(asked));
  for (const { group, windows } of windowed.groups) {
    const span = spans[group];
    const longest = windows.at(-1);
    if (span === undefined || longest === undefined) continue;
    const last = Math.floor(nowMicros / span.spanMicros);
    const isTailed = !isWhole && byTail.includes(group);
    // A tail is of all windows, whichever of them are asked for.
    const reached = byTail.includes(group) ? span.tail?.windows.at(-1) : undefined;
    const from = isTailed ? tailEnd(nowMicros) : windowStart((reached ?? longest).window, nowMicros);
    for (let at = Math.floor(from / span.spanMicros); at <= last; at++) {
      fields.push(tileFields.numbers(table, group, at, span.ringSpans));
    }
    const withParts = windows.findLast(({ parts }) => parts.length > 0);
    if (withParts === undefined) continue;
    const lastHour = Math.floor(nowMicros / hourMicros);
    const fromHour = Math.floor(windowStart(withParts.window, nowMicros) / hourMicros);
    for (let hour = fromHour; hour <= lastHour; hour++) {
      fields.push(tileFields.sketches(table, group, hour, span.ringHours));
    }
  }
  return fields;
}
