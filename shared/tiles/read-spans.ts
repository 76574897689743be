import {
  decodeGroup,
  firstTileStart,
  hourMicros,
  type JsonValue,
  neededOf,
  type PackedHour,
  type Selection,
  type Tile,
} from '../aggregation/index.ts';
import { isPartText, orderOf, partHead, partTextHead, readPartTextHead } from '../cache/index.ts';
import type { StreamPlan } from './stream-plan.ts';

/**
 * The tiles that fields of the cache hold, from the place `first` on, each of one group and one span, in the order of time. What is
 * out of the windows of the moment is left out.
 */
export function readSpans(
  { plan, windowed }: { readonly plan: StreamPlan; readonly windowed: Selection },
  texts: readonly (string | null)[],
  first: number,
  asOfMicros: number,
): Tile[] | 'not filled' | 'not here' {
  if (windowed.groups.length === 0) return [];
  const fromMicros = firstTileStart(windowed, asOfMicros);
  const sketches = windowed.needsSketches ? sketchesOf(texts, first) : undefined;
  const tiles: Tile[] = [];
  for (let place = first; place < texts.length; place++) {
    const text = texts[place] ?? null;
    if (text === null || !isPartText(text)) continue;
    const { kind: group, number } = readPartTextHead(text);
    const span = plan.spans[group];
    const selected = windowed.groups.find((each) => each.group === group);
    if (span === undefined || selected === undefined) continue;
    const startMicros = number * span.spanMicros;
    const hours: PackedHour[] = [];
    // Letters of base64 are six bits each, and the breaks before them are none.
    let breaks = 0;
    for (let at = partTextHead; at < text.length; ) {
      breaks++;
      const next = text.indexOf('\n', at + 1);
      const end = next === -1 ? text.length : next;
      const hour = startMicros + (text.charCodeAt(at + 1) * 10 + text.charCodeAt(at + 2) - 528) * hourMicros;
      const from = ((at + 1 + partHead - breaks) * 3) / 4;
      const to = ((end - breaks) * 3) / 4;
      at = end;
      if (hour < fromMicros || hour >= asOfMicros) continue;
      if (from >= to) return 'not here';
      const needed = neededOf(selected, asOfMicros, hour + hourMicros);
      const isSketched = sketches !== undefined && needed !== undefined && needed.parts.length > 0;
      hours.push({
        ...{ startMicros: hour, from, to, needed },
        sketches: isSketched ? sketches.get(keyOf(group, hour)) : undefined,
      });
    }
    if (hours.length === 0) continue;
    hours.sort((a, b) => a.startMicros - b.startMicros);
    const tile = decodeGroup(plan.fold, { place: group, startMicros, text, hours });
    if (tile === undefined) return 'not filled';
    tiles.push(tile);
  }
  return tiles.sort((a, b) => a.startMicros - b.startMicros);
}

/** By group and hour. */
function sketchesOf(texts: readonly (string | null)[], first: number): Map<string, JsonValue> {
  const sketches = new Map<string, JsonValue>();
  for (let place = first; place < texts.length; place++) {
    const text = texts[place] ?? null;
    if (text === null || isPartText(text)) continue;
    const [hour, , group, line]: [number, number, number, JsonValue] = JSON.parse(text);
    sketches.set(keyOf(group, orderOf(hour) * hourMicros), line);
  }
  return sketches;
}

function keyOf(group: number, hour: number): string {
  return `${group}:${hour}`;
}
