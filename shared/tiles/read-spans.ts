import {
  firstTileStart,
  hourMicros,
  type JsonValue,
  type PackedSpan,
  type PackedTail,
  readPackedWindows,
  type Selection,
  type WindowValue,
} from '../aggregation/index.ts';
import { isPartText, orderOf, partHead, partTextHead, readPartTextHead } from '../cache/index.ts';
import type { StreamPlan } from './stream-plan.ts';

export interface SpansRead {
  readonly plan: StreamPlan;
  readonly windowed: Selection;
  readonly texts: readonly (string | null)[];
  /** The place of the first text that is of a span or of sketches. */
  readonly first: number;
  readonly asOfMicros: number;
  /** By group: those of which the texts have only what is after the tail. */
  readonly tails: ReadonlyMap<number, PackedTail>;
}

/**
 * What the windows hold, from the fields of the cache. Hours out of them are left out. A week of an hour each is 168 lines: the
 * loops make no objects. `not here` where a line says that the tables have it, or the moment is within what was counted.
 */
export function readSpans(read: SpansRead): WindowValue[] | 'not filled' | 'not here' {
  const { plan, windowed, asOfMicros, tails } = read;
  const fromMicros = windowed.groups.length === 0 ? asOfMicros : firstTileStart(windowed, asOfMicros);
  const spans = spansOf(read, fromMicros);
  if (spans === 'not here') return spans;
  const sketchesOf = windowed.needsSketches ? readSketches(read) : () => undefined;
  const values = readPackedWindows({ plan: plan.fold, selection: windowed, spans, asOfMicros, sketchesOf, tails });
  if (values === 'unlike') return 'not filled';
  return values === 'cut' ? 'not here' : values;
}

/** In the order of time, of hours from the moment given on. */
export function spansOf(
  { plan, texts, first, asOfMicros }: Pick<SpansRead, 'plan' | 'texts' | 'first' | 'asOfMicros'>,
  fromMicros: number,
): PackedSpan[] | 'not here' {
  const spans: PackedSpan[] = [];
  for (let place = first; place < texts.length; place++) {
    const text = texts[place] ?? null;
    if (text === null || !isPartText(text)) continue;
    const { kind: group, number } = readPartTextHead(text);
    const spanMicros = plan.spans[group]?.spanMicros;
    if (spanMicros === undefined) continue;
    const startMicros = number * spanMicros;
    const hours = hoursOf(text, (fromMicros - startMicros) / hourMicros, (asOfMicros - startMicros) / hourMicros);
    if (hours === 'not here') return hours;
    if (hours.length > 0) spans.push({ group, startMicros, text, hours });
  }
  return spans.sort((a, b) => a.startMicros - b.startMicros);
}

/**
 * Of each hour from `first` on and before `end`: which it is, its first byte and its end, in the order of time. Four letters of
 * base64 are three bytes, and the breaks before them are none.
 */
function hoursOf(text: string, first: number, end: number): number[] | 'not here' {
  const hours: number[] = [];
  let breaks = 0;
  let isSorted = true;
  for (let at = partTextHead; at < text.length; ) {
    breaks++;
    const next = text.indexOf('\n', at + 1);
    const stop = next === -1 ? text.length : next;
    const hour = text.charCodeAt(at + 1) * 10 + text.charCodeAt(at + 2) - 528;
    const from = ((at + 1 + partHead - breaks) * 3) / 4;
    const to = ((stop - breaks) * 3) / 4;
    at = stop;
    if (hour < first || hour >= end) continue;
    // Nothing but its revision: the tables have it.
    if (from >= to) return 'not here';
    if (hours.length > 0 && (hours.at(-3) ?? 0) > hour) isSorted = false;
    hours.push(hour, from, to);
  }
  return isSorted ? hours : sorted(hours);
}

/** A late event begins an hour after later ones. */
function sorted(hours: readonly number[]): number[] {
  const triples = Array.from({ length: hours.length / 3 }, (_, index) => hours.slice(3 * index, 3 * index + 3));
  return triples.sort(([a = 0], [b = 0]) => a - b).flat();
}

/** By group and hour. */
function readSketches({ texts, first }: SpansRead): (group: number, hourStart: number) => JsonValue | undefined {
  const held = new Map<string, JsonValue>();
  for (let place = first; place < texts.length; place++) {
    const text = texts[place] ?? null;
    if (text === null || isPartText(text)) continue;
    const [hour, , group, json]: [number, number, number, JsonValue] = JSON.parse(text);
    held.set(`${group}:${orderOf(hour) * hourMicros}`, json);
  }
  return (group, hourStart) => held.get(`${group}:${hourStart}`);
}
