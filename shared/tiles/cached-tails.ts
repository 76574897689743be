import { hourMicros, type PackedTail, packTailOf } from '../aggregation/index.ts';
import { orderText, tileFields } from '../cache/index.ts';
import type { WindowsAsked } from './ask-windows.ts';
import { type SpansRead, spansOf } from './read-spans.ts';
import { tailEnd } from './tail-hours.ts';
import type { TileField } from './tile-fields.ts';

/** The fields that a group with a tail has, whatever else is read of it. */
export const tailFields = 2;

export function tailFieldsOf({ plan, byTail }: WindowsAsked): string[] {
  return byTail.flatMap((group) => [tileFields.late(plan.table, group), tileFields.tail(plan.table, group)]);
}

/** Of each group that is read by its tail; undefined where one of them is missing, of another hour, or was written since. */
export function tailsOf(
  { plan, byTail }: WindowsAsked,
  texts: readonly (string | null)[],
  first: number,
  asOfMicros: number,
): Map<number, PackedTail> | undefined {
  const tails = new Map<number, PackedTail>();
  for (const [index, group] of byTail.entries()) {
    const head = `[${orderOfTail(texts[first + tailFields * index] ?? null, asOfMicros)},"`;
    const text = texts[first + tailFields * index + 1] ?? null;
    const windows = plan.spans[group]?.tail?.windows;
    if (text === null || windows === undefined || !text.startsWith(head)) return undefined;
    tails.set(group, { endMicros: tailEnd(asOfMicros), text: text.slice(head.length, -2), windows });
  }
  return tails;
}

/** The tails of what was read whole, to be kept: whoever reads within the hour needs no more. */
export function packTails(
  { plan, byTail }: WindowsAsked,
  read: Pick<SpansRead, 'plan' | 'texts' | 'first' | 'asOfMicros'>,
): TileField[] {
  const spans = spansOf(read, Number.NEGATIVE_INFINITY);
  if (spans === 'not here') return [];
  return byTail.flatMap((group, index) => {
    const selected = plan.spans[group]?.tail;
    if (selected === undefined) return [];
    const { asOfMicros } = read;
    const text = packTailOf({ plan: plan.fold, selected, spans, asOfMicros, endMicros: tailEnd(asOfMicros) });
    if (text === undefined) return [];
    const late = read.texts[read.first - tailFields * (byTail.length - index)] ?? null;
    return [{ field: tileFields.tail(plan.table, group), stored: `[${orderOfTail(late, asOfMicros)},"${text}"]` }];
  });
}

/** The newest of an hour, and in it the one that has the most late writes, stays. */
function orderOfTail(late: string | null, asOfMicros: number): string {
  return orderText(tailEnd(asOfMicros) / hourMicros, Number(late ?? 0));
}
