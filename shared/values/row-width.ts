import type { Dtype } from '../contract/dtypes.ts';
import type { Feature } from '../registry/index.ts';

/** Of a row as Postgres keeps it: on one page of 8 KiB, however much of its values lies out of line (TOAST). */
const mostRowBytes = 8160;

/** At most: the header with the null bitmap of 505 columns, an entity id, three times and the revision. */
const bytesBeforeFeatures = 146;

/** Of dtypes of one width, which is also what they are aligned to. */
const fixedBytes: Partial<Record<Dtype, number>> = {
  float64: 8,
  int64: 8,
  timestamp: 8,
  float32: 4,
  int32: 4,
  bool: 1,
};

/**
 * Of a value of any length, at most. Beyond 20 bytes one goes out of line, for a pointer of 18; but compression, which
 * begins at 32, may bring it to 24 and keep it, at a multiple of 4.
 */
const mostVaryingBytes = 27;
const mostUncompressedBytes = 21;
const compressedFrom = 32;

/**
 * Says whether a row is wider than Postgres can keep, of its values as JSON texts by position; undefined for a view that
 * is too narrow for such rows, as all of fewer than 297 features are. It counts what a row may take at most, so some rows
 * that would just fit are too wide: which ones fit depends on how well they compress.
 */
export function createWidthCheck(features: readonly Feature[]): ((json: readonly string[]) => boolean) | undefined {
  const dtypes: Dtype[] = [];
  for (const { position, dtype } of features) dtypes[position] = dtype;
  const widest = rowBytes(dtypes, (_, dtype) => fixedBytes[dtype] ?? mostVaryingBytes);
  if (widest <= mostRowBytes) return undefined;
  return (json) => rowBytes(dtypes, (position, dtype) => valueBytes(dtype, json[position] ?? 'null')) > mostRowBytes;
}

function rowBytes(dtypes: readonly Dtype[], bytesAt: (position: number, dtype: Dtype) => number): number {
  let end = bytesBeforeFeatures;
  for (const [position, dtype] of dtypes.entries()) {
    const bytes = bytesAt(position, dtype);
    const alignment = bytes === 0 ? 1 : (fixedBytes[dtype] ?? 1);
    end = Math.ceil(end / alignment) * alignment + bytes;
  }
  return end;
}

function valueBytes(dtype: Dtype, json: string): number {
  if (json === 'null') return 0;
  const fixed = fixedBytes[dtype];
  if (fixed !== undefined) return fixed;
  if (dtype !== 'string' && dtype !== 'bytes') return mostVaryingBytes;
  // Without the quotes; escapes and base64 make it longer than the value.
  const length = json.length > compressedFrom ? json.length : Buffer.byteLength(json) - 2;
  return length < compressedFrom ? Math.min(length + 1, mostUncompressedBytes) : mostVaryingBytes;
}
