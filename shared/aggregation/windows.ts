import { type DefinitionError, invalidWindow } from './aggregation.ts';

/** A window and its hop, in microseconds. */
export interface Window {
  readonly windowMicros: number;
  readonly hopMicros: number;
}

const second = 1_000_000;
const minute = 60 * second;
export const hourMicros = 60 * minute;
const day = 24 * hourMicros;

const units: { readonly [unit: string]: number } = { s: second, m: minute, h: hourMicros, d: day };
/** Ten years: retention is days to months, and a window may not exceed it. */
const longestMicros = 3650 * day;

/**
 * The duration that `15m`, `24h`, `7d` or `30s` writes, in microseconds: 1 s to 3,650 d. `60m` and `1h` are one and the
 * same.
 */
export function parseDuration(text: string): number | DefinitionError {
  const [, digits, unit = ''] = /^([1-9]\d{0,9})([smhd])$/.exec(text) ?? [];
  if (digits === undefined) return invalidWindow(`a duration is written as 30s, 15m, 24h or 7d, not ${quote(text)}`);
  const micros = Number(digits) * (units[unit] ?? 0);
  return micros <= longestMicros ? micros : invalidWindow(`a duration is at most 3650d, not ${text}`);
}

/**
 * The window that a text writes, with the hop that follows from it or the view's own finer one. Refused where it is no
 * multiple of its hop, or the view's hop is coarser than its own.
 */
export function parseWindow(text: string, viewHopMicros: number | undefined): Window | DefinitionError {
  const windowMicros = parseDuration(text);
  if (typeof windowMicros !== 'number') return windowMicros;
  const ownHopMicros = hopOf(windowMicros);
  const hopMicros = viewHopMicros ?? ownHopMicros;
  if (hopMicros > ownHopMicros) {
    return invalidWindow(
      `hop ${formatDuration(hopMicros)} is coarser than ${formatDuration(ownHopMicros)}, the hop of ${text}`,
    );
  }
  if (windowMicros % hopMicros !== 0) {
    return invalidWindow(`window ${text} is no multiple of its hop, ${formatDuration(hopMicros)}`);
  }
  return { windowMicros, hopMicros };
}

/** The hop of a window where the view sets none. */
export function hopOf(windowMicros: number): number {
  if (windowMicros >= 12 * day) return day;
  if (windowMicros >= 12 * hourMicros) return hourMicros;
  return windowMicros >= hourMicros ? 5 * minute : minute;
}

/**
 * Events with `windowStart <= event_time < q` count: start inclusive, end exclusive. Null is a lifetime window.
 */
export function windowStart(window: Window | null, asOfMicros: number): number {
  if (window === null) return Number.NEGATIVE_INFINITY;
  return Math.floor((asOfMicros - window.windowMicros) / window.hopMicros) * window.hopMicros;
}

/**
 * How wide the slots of a tile must be for windows of this hop to start at one's start: the greatest common divisor of
 * hop and tile, so the hop itself where it divides an hour. A day's hop makes do with hours, and shares theirs.
 */
export function slotWidth(window: Window | null): number {
  return window === null ? hourMicros : greatestCommonDivisor(window.hopMicros, hourMicros);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function formatDuration(micros: number): string {
  for (const [unit, size] of Object.entries(units).reverse()) {
    if (micros % size === 0) return `${micros / size}${unit}`;
  }
  return `${micros / second}s`;
}

/** Long texts are cut, since a detail goes into an answer. */
function quote(text: string): string {
  return JSON.stringify(text.length > 20 ? `${text.slice(0, 20)}…` : text);
}
