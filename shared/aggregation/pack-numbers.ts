import { newestAt } from './slots.ts';

/**
 * The numbers of slots as base64 text. A whole number from 0 to 250 takes one byte, another below 2^32 five, any other
 * nine: the usual slot of count, sum, min and max 40. As JSON, numbers take as much room and several times as long to
 * write, since the shortest decimal of each is searched for. The time of the newest event is written as an offset from
 * `originMicros`.
 */
export function packNumbers(numbers: readonly number[], slotLength: number, originMicros: number): string {
  const bytes = Buffer.allocUnsafe(numbers.length * mostBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = 0;
  for (let base = 0; base < numbers.length; base += slotLength) {
    for (let place = 0; place < slotLength; place++) {
      const value = numbers[base + place] ?? 0;
      end = write(view, end, place === newestAt ? value - originMicros : value);
    }
  }
  return bytes.toString('base64', 0, end);
}

/** Undefined where the text holds no whole number of slots as long as `empty`. */
export function unpackNumbers(text: string, empty: readonly number[], originMicros: number): number[] | undefined {
  const bytes = Buffer.from(text, 'base64');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A copy of doubles, to which doubles are then added: an empty array would begin with small integers and be copied.
  const numbers = bytes.byteLength === 0 ? [] : empty.slice();
  let base = 0;
  for (let at = 0; at < bytes.byteLength; base += empty.length) {
    for (let place = 0; place < empty.length; place++) {
      if (at >= bytes.byteLength) return undefined;
      const first = view.getUint8(at);
      const length = first <= largestByte ? 1 : first === isWhole ? wholeBytes : mostBytes;
      if (at + length > bytes.byteLength) return undefined;
      const value = first <= largestByte ? first : first === isWhole ? view.getUint32(at + 1) : view.getFloat64(at + 1);
      numbers[base + place] = place === newestAt ? value + originMicros : value;
      at += length;
    }
  }
  return numbers;
}

const largestByte = 250;
/** What the first byte says of longer numbers. */
const isWhole = 251;
const isDouble = 252;
const wholeBytes = 5;
const mostBytes = 9;

function write(view: DataView, at: number, value: number): number {
  if (value >>> 0 !== value) {
    view.setUint8(at, isDouble);
    view.setFloat64(at + 1, value);
    return at + mostBytes;
  }
  if (value > largestByte) {
    view.setUint8(at, isWhole);
    view.setUint32(at + 1, value);
    return at + wholeBytes;
  }
  view.setUint8(at, value);
  return at + 1;
}
