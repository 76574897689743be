import fc from 'fast-check';
import type { Dtype } from '../../../shared/contract/dtypes.ts';
import { hour, second, start } from '../semantics/semantics-setup.ts';
import { everyFeature } from './statistics-setup.ts';

export interface RandomRow {
  readonly entityId: string;
  readonly eventMicros: number;
  readonly values: Readonly<Record<string, unknown>>;
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 || 0);
const near = fc.integer({ min: -1000, max: 1000 }).map((value) => value / 8);
const float64 = fc.oneof({ weight: 8, arbitrary: near }, { weight: 1, arbitrary: finite });
/** Six digits of a normal float32 are what it is answered as. */
const float32 = fc.oneof(
  near,
  fc
    .float({ noNaN: true, noDefaultInfinity: true })
    .map((value) => (Math.abs(value) < 1e-37 ? 0 : Number(value.toPrecision(6)))),
);
const int64 = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -10, max: 10 }) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) },
);
const text = fc.constantFrom('', 'a', 'A', 'b', 'é', 'e\u0301', 'ß', '🂡', 'a ');
const few = (of: fc.Arbitrary<unknown>) => fc.array(of, { maxLength: 2 });

const valuesOf: Readonly<Record<Dtype, fc.Arbitrary<unknown>>> = {
  float64,
  float32,
  int64,
  int32: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer()),
  string: text,
  bool: fc.boolean(),
  timestamp: fc.constantFrom(0, '1970-01-01', '1970-01-01T01:00:00+01:00', '0001-01-01T00:00:00.000001Z', 1e12),
  json: fc.oneof(text, fc.constantFrom<unknown>({ a: 1, b: [] }, { b: [], a: 1 }, { a: [] }, [], 1, 1.5, true)),
  bytes: fc.constantFrom('', 'AA==', 'AAA=', '/////w=='),
  'float64[]': few(fc.constantFrom(0, 0.5, 1e300)),
  'float32[]': few(fc.constantFrom(0, 0.1, 16_777_217, 16_777_216)),
  'int64[]': few(fc.constantFrom(1, '1', '9223372036854775807')),
  'string[]': few(text),
};

/** So few moments that hours fill, each hour's ends among them. */
const eventMicros = fc
  .tuple(fc.integer({ min: -30, max: 0 }), fc.constantFrom(0, 1, second, hour / 2, hour - 1))
  .map(([hours, rest]) => Math.min(start + hours * hour + rest, start + 59 * second));

const values = fc.record(
  Object.fromEntries(everyFeature.map(({ name, dtype }) => [name, fc.option(valuesOf[dtype], { freq: 4 })])),
);

/** No two of one request share entity and event time: of those the later would replace the earlier. */
export const requestRows: fc.Arbitrary<RandomRow[]> = fc.uniqueArray(
  fc.record({ entityId: fc.constantFrom('u', 'v', 'w', 'x'), eventMicros, values }),
  { minLength: 1, maxLength: 40, selector: ({ entityId, eventMicros: micros }) => `${entityId} ${micros}` },
);
