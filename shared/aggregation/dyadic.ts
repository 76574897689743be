/** The exact value of a sum of doubles: `units` times 2 to the power of `exponent`. */
export interface Dyadic {
  readonly units: bigint;
  readonly exponent: number;
}

const scratch = new DataView(new ArrayBuffer(8));

/** Of a finite double. */
export function dyadicOf(value: number): Dyadic {
  scratch.setFloat64(0, value);
  const biasedExponent = (scratch.getUint32(0) >>> 20) & 0x7ff;
  const fraction = (scratch.getUint32(0) & 0xf_ffff) * 2 ** 32 + scratch.getUint32(4);
  const units = BigInt(biasedExponent === 0 ? fraction : fraction + 2 ** 52);
  return { units: value < 0 ? -units : units, exponent: Math.max(biasedExponent, 1) - 1075 };
}

export function add(a: Dyadic, b: Dyadic): Dyadic {
  const exponent = Math.min(a.exponent, b.exponent);
  return { units: unitsAt(a, exponent) + unitsAt(b, exponent), exponent };
}

/** `count` times `squares`, less the square of `sum`: the variance times the square of `count`. */
export function squaredDeviations(count: number, squares: Dyadic, sum: Dyadic): Dyadic {
  return add(
    { units: BigInt(count) * squares.units, exponent: squares.exponent },
    { units: -(sum.units * sum.units), exponent: 2 * sum.exponent },
  );
}

/** To 86 binary digits where the divisor is below 2 to the power of 106. */
export function divide({ units, exponent }: Dyadic, divisor: bigint): Dyadic {
  return { units: (units << 192n) / divisor, exponent: exponent - 192 };
}

/** An integer's; the value must be one. */
export function toBigInt({ units, exponent }: Dyadic): bigint {
  return exponent < 0 ? units >> BigInt(-exponent) : units << BigInt(exponent);
}

/** The nearest double, an infinity beyond them. */
export function toNumber(value: Dyadic): number {
  const { leading, exponent } = leadingDigits(value);
  return scale(leading, exponent);
}

/** The square root of what is not below 0; finite where the value itself is beyond doubles. */
export function squareRoot({ units, exponent }: Dyadic): number {
  const isOdd = exponent % 2 !== 0;
  const { leading, exponent: even } = leadingDigits(
    isOdd ? { units: units << 1n, exponent: exponent - 1 } : { units, exponent },
  );
  return scale(Math.sqrt(leading), even / 2);
}

function unitsAt({ units, exponent }: Dyadic, lower: number): bigint {
  return exponent === lower ? units : units << BigInt(exponent - lower);
}

/**
 * The leading 61 to 64 binary digits as the nearest double, and the power of 2 to scale them by, which is even if the
 * given one is. One digit stands for all that were cut off, so that the value is rounded once.
 */
function leadingDigits({ units, exponent }: Dyadic): { leading: number; exponent: number } {
  const magnitude = units < 0n ? -units : units;
  const excess = Math.max(magnitude.toString(16).length * 4 - 64, 0);
  let leading = magnitude >> BigInt(excess);
  if (leading << BigInt(excess) !== magnitude) leading |= 1n;
  return { leading: units < 0n ? -Number(leading) : Number(leading), exponent: exponent + excess };
}

/** In steps, since 2 to the power of -1,200 is 0 as a double where a number that it scales need not be. */
function scale(value: number, exponent: number): number {
  if (exponent > 1000) return scale(value * 2 ** 1000, Math.min(exponent - 1000, 2000));
  if (exponent < -1000) return scale(value * 2 ** -1000, Math.max(exponent + 1000, -2000));
  return value * 2 ** exponent;
}
