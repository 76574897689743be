/**
 * HyperLogLog with 2^14 registers: a standard error of 0.81 %. Merging takes the greater of each pair of registers, so
 * any split of the same values gives the same registers and the same estimate. Written here because no kept package of
 * the registry has one that is typed and can be stored. The estimator is Ertl's of 2017, which needs no table of bias.
 */
export type Registers = Uint8Array;

const indexBits = 14;
const registerCount = 2 ** indexBits;
/** Digits of the hash that ranks are counted in. */
const rankBits = 32;
/** `#`. */
const firstCharacter = 35;

export function createRegisters(): Registers {
  return new Uint8Array(registerCount);
}

/** True where a register rose. */
export function addToRegisters(registers: Registers, value: string): boolean {
  // Murmur3's mixing over UTF-16 units in two lanes; the members of a set are short, and bytes would have to be made
  // first.
  let index = 0x9747b28c;
  let rest = 0x5bd1e995;
  for (let place = 0; place < value.length; place++) {
    const unit = value.charCodeAt(place);
    index = Math.imul(index ^ unit, 0x85ebca6b);
    index ^= index >>> 15;
    rest = Math.imul(rest ^ unit, 0xc2b2ae35);
    rest ^= rest >>> 13;
  }
  const mixed = finish(index ^ value.length) >>> (32 - indexBits);
  const rank = Math.clz32(finish(rest ^ index)) + 1;
  if (rank <= (registers[mixed] ?? 0)) return false;
  registers[mixed] = rank;
  return true;
}

/** True where a register rose. */
export function mergeRegisters(into: Registers, from: Registers): boolean {
  let isChanged = false;
  for (let index = 0; index < registerCount; index++) {
    const rank = from[index] ?? 0;
    if (rank > (into[index] ?? 0)) {
      into[index] = rank;
      isChanged = true;
    }
  }
  return isChanged;
}

/** How many different values were added, to a standard error of 0.81 %. */
export function estimate(registers: Registers): number {
  const having = new Array<number>(rankBits + 2).fill(0);
  for (const rank of registers) having[rank] = (having[rank] ?? 0) + 1;
  let sum = registerCount * tau(1 - (having[rankBits + 1] ?? 0) / registerCount);
  for (let rank = rankBits; rank >= 1; rank--) sum = (sum + (having[rank] ?? 0)) / 2;
  sum += registerCount * sigma((having[0] ?? 0) / registerCount);
  return Math.round(registerCount ** 2 / (2 * Math.LN2 * sum));
}

/**
 * A character a register, from `#` on: JSON escapes none of them, and six bits of base64 would be no shorter. 16,384
 * bytes.
 */
export function encodeRegisters(registers: Registers): string {
  return Buffer.from(registers.map((rank) => rank + firstCharacter)).toString('latin1');
}

/** Undefined where the text is none of `encodeRegisters`. */
export function decodeRegisters(text: string): Registers | undefined {
  const registers = new Uint8Array(Buffer.from(text, 'latin1'));
  if (registers.length !== registerCount) return undefined;
  for (let index = 0; index < registerCount; index++) {
    const rank = (registers[index] ?? 0) - firstCharacter;
    if (rank < 0 || rank > rankBits + 1) return undefined;
    registers[index] = rank;
  }
  return registers;
}

/** Murmur3's finalizer. */
function finish(lane: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** x + x²·1 + x⁴·2 + x⁸·4 + …; without end at 1, where no register was set. */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let factor = 1;
  let sum = x;
  for (let before = -1; sum !== before; factor *= 2) {
    before = sum;
    power *= power;
    sum += power * factor;
  }
  return sum;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let factor = 1;
  let sum = 1 - x;
  for (let before = -1; sum !== before; ) {
    before = sum;
    root = Math.sqrt(root);
    factor /= 2;
    sum -= (1 - root) ** 2 * factor;
  }
  return sum / 3;
}
