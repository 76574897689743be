import { newestAt } from './slots.ts';

/**
 * The numbers of slots as base64 text. A whole number from 0 to 250 takes one byte, another below 2^32 five, any other
 * nine: the usual slot of count, sum, min and max 40. As JSON, numbers take as much room and several times as long to
 * write, since the shortest decimal of each is searched for. The time of the newest event is written as an offset from
 * `originMicros`. A whole number of three bytes, so that texts one after another are one text of base64: a day of hours is
 * decoded at once, in a tenth of the time of one by one.
 */
export function packNumbers(numbers: readonly number[], slotLength: number, originMicros: number): string {
  reserve(numbers.length * mostBytes + 2);
  let end = 0;
  for (let base = 0; base < numbers.length; base += slotLength) {
    for (let place = 0; place < slotLength; place++) {
      const value = numbers[base + place] ?? 0;
      end = write(end, place === newestAt ? value - originMicros : value);
    }
  }
  for (; end % 3 !== 0; end++) scratch[end] = isPadding;
  return scratch.toString('base64', 0, end);
}

/**
 * Reads the bytes of a text of base64, of which line breaks do not count, and answers how many. They are there until anything else
 * is packed or read.
 */
export function readPacked(text: string): number {
  reserve(text.length);
  return scratch.write(text, 0, 'base64');
}

/**
 * Writes the slots that the bytes `from` to `to` hold, of those that were read last, into `numbers` from its first place on, which
 * becomes as long as that takes and may be longer: one list serves many reads. Answers how many slots there are, -1 where the bytes
 * hold no whole number of slots of this length.
 */
export function unpackSlots(numbers: number[], from: number, to: number, length: number, originMicros: number): number {
  let end = 0;
  for (let at = from; at < to && scratch[at] !== isPadding; end += length) {
    // A fraction, or the engine would take the list for one of small integers.
    while (numbers.length < end + length) numbers.push(0.5);
    for (let place = end; place < end + length; place++) {
      const first = scratch[at] ?? isPadding;
      if (first <= largestByte) {
        numbers[place] = first;
        at += 1;
      } else if (first === isDouble) {
        numbers[place] = view.getFloat64(at + 1);
        at += mostBytes;
      } else if (first === isWhole) {
        numbers[place] = view.getUint32(at + 1);
        at += wholeBytes;
      } else return -1;
    }
    if (at > to) return -1;
    numbers[end + newestAt] = (numbers[end + newestAt] ?? 0) + originMicros;
  }
  return end / length;
}

const largestByte = 250;
/** What the first byte says of longer numbers. */
const isWhole = 251;
const isDouble = 252;
const isPadding = 253;
const wholeBytes = 5;
const mostBytes = 9;

/** One for all texts, since each is done with before the next begins. */
let scratch = Buffer.alloc(64 * 1024);
let view = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);

function reserve(bytes: number): void {
  if (bytes <= scratch.byteLength) return;
  scratch = Buffer.alloc(2 * bytes);
  view = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);
}

function write(at: number, value: number): number {
  if (value >>> 0 !== value) {
    scratch[at] = isDouble;
    view.setFloat64(at + 1, value);
    return at + mostBytes;
  }
  if (value > largestByte) {
    scratch[at] = isWhole;
    view.setUint32(at + 1, value);
    return at + wholeBytes;
  }
  scratch[at] = value;
  return at + 1;
}
