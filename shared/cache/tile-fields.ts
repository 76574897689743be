import { randomInt } from 'node:crypto';

/**
 * The fields that a stream view's tiles have in an entity's hash. Names of tables hold no `:`.
 *
 * - `<table>:<group>:<n>`: the numbers of a group of windows, of an hour or a day, the remainder of whose number is n, so that
 *   one takes the place of another that is out of all windows. A text of parts, one for each hour.
 * - `<table>:<group>s:<n>`: its sketches of an hour, likewise. They are large, and change less often.
 * - `<table>:<group>:tail`: of windows of days what each holds of the hours before the last three, as whoever read them all has
 *   merged it; by the hour and by `<table>:<group>:late`, which counts what was written to hours before the last.
 * - `<table>:lifetime`: the running total of lifetime windows.
 * - `<table>:begun` and `<table>:done`: the same mark where the hash has all that Postgres has. Whoever fills it writes
 *   `begun` before reading Postgres and `done` last. A hash that was lost in between has lost `begun`, and is not complete;
 *   of two that fill it at once the greater mark stands in `begun`, and only its own `done` completes it.
 */
export const tileFields = {
  numbers: (table: string, group: number, span: number, ring: number): string => `${table}:${group}:${span % ring}`,
  sketches: (table: string, group: number, hour: number, ring: number): string => `${table}:${group}s:${hour % ring}`,
  tail: (table: string, group: number): string => `${table}:${group}:tail`,
  late: (table: string, group: number): string => `${table}:${group}:late`,
  lifetime: (table: string): string => `${table}:lifetime`,
  begun: (table: string): string => `${table}:begun`,
  done: (table: string): string => `${table}:done`,
} as const;

/** What the cache has of `begun` and `done`. */
export interface TileMarks {
  readonly begun: string | null;
  readonly done: string | null;
}

export function isFilled({ begun, done }: TileMarks): boolean {
  return begun !== null && begun === done;
}

/**
 * A mark greater than those that were there, so that processes whose clocks differ agree which is the last. Its first number
 * are microseconds since the epoch as a rule.
 */
export function nextMark({ begun, done }: TileMarks, nowMicros: number): string {
  return markText(Math.max(nowMicros, markMicros(begun) + 1, markMicros(done) + 1));
}

/** As nextMark, but older than what whoever fills the hash from now on writes. */
export function undoingMark({ begun, done }: TileMarks): string {
  return markText(Math.max(markMicros(begun), markMicros(done)) + 1);
}

export function markMicros(mark: string | null): number {
  return mark === null ? 0 : Number(mark.slice(1, mark.indexOf(',')));
}

function markText(micros: number): string {
  return `[${micros},${randomInt(2 ** 47)}]`;
}

/**
 * The order of a stored text, as `writeNewest` compares it, of numbers below 9 * 10^15 - 10^15. All have 16 digits: the
 * script compares texts of that width as texts.
 */
export function orderText(first: number, second: number): string {
  return `${1e15 + first},${1e15 + second}`;
}

export function orderOf(first: number): number {
  return first - 1e15;
}
