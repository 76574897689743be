import type { Dtype } from '../contract/dtypes.ts';
import { ingestLimits } from '../contract/limits.ts';
import type { Feature } from '../registry/index.ts';

/** Characters of a value as Postgres answers it, at most. Arrays have no limit of their own but the row's. */
const mostLength: Readonly<Record<Dtype, number>> = {
  float64: 24,
  float32: 24,
  int64: 20,
  int32: 11,
  bool: 5,
  timestamp: 27,
  string: 65_536,
  // Of jsonb, which writes a space after each comma and colon.
  json: 2 * 65_536,
  bytes: 87_384,
  'float64[]': ingestLimits.rowBytes,
  'float32[]': ingestLimits.rowBytes,
  'int64[]': ingestLimits.rowBytes,
  'string[]': ingestLimits.rowBytes,
};

/** Characters that the values of these features of one row have together, at most. */
export function mostLengthOf(features: readonly Feature[]): number {
  const together = features.reduce((length, { dtype }) => length + mostLength[dtype], 0);
  return Math.min(together, ingestLimits.rowBytes);
}
