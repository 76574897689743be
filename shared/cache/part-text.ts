/**
 * A text of parts: `P`, three digits of a kind, eight of the text's number, then a line for each part. A line is two digits
 * that name the part, ten of its revision, and what the part holds. So a part is replaced where it stands, and whoever has one
 * does not need the others: an hour of a day. Each piece is a multiple of four letters of base64, so that the whole is decoded
 * at once. There is at least one part.
 */
export interface PartText {
  /** 0 to 999. */
  readonly kind: number;
  /** Of texts that share a field the one with the greatest number stays. 0 to 99,999,999. */
  readonly number: number;
}

export interface TextPart {
  /** 0 to 99. */
  readonly name: number;
  /** The greatest stays. */
  readonly revision: number;
  /** Without line breaks. */
  readonly text: string;
}

export const partTextHead = 12;
export const partHead = 12;

export function writePartText({ kind, number }: PartText, parts: readonly TextPart[]): string {
  let text = `P${digits(kind, 3)}${digits(number, 8)}`;
  for (const { name, revision, text: held } of parts) text += `\n${digits(name, 2)}${digits(revision, 10)}${held}`;
  return text;
}

export function isPartText(text: string): boolean {
  return text.charCodeAt(0) === 80;
}

export function readPartTextHead(text: string): PartText {
  return { kind: numberAt(text, 1, 4), number: numberAt(text, 4, partTextHead) };
}

/** `stored` with those parts of `offered` that are newer; undefined where none is. Twin of write-newest.lua.ts. */
export function mergeParts(offered: string, stored: string): string | undefined {
  const offeredHead = offered.slice(0, partTextHead);
  const storedHead = stored.slice(0, partTextHead);
  if (offeredHead !== storedHead) return offeredHead > storedHead ? offered : undefined;
  let merged = stored;
  for (const line of offered.slice(partTextHead + 1).split('\n')) {
    const from = merged.indexOf(`\n${line.slice(0, 2)}`);
    if (from === -1) merged += `\n${line}`;
    else if (line.slice(2, partHead) > merged.slice(from + 3, from + 1 + partHead)) {
      const next = merged.indexOf('\n', from + 1);
      merged = `${merged.slice(0, from)}\n${line}${next === -1 ? '' : merged.slice(next)}`;
    }
  }
  return merged === stored ? undefined : merged;
}

function numberAt(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) number = number * 10 + text.charCodeAt(at) - 48;
  return number;
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0');
}
