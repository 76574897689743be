import type { Dtype } from '../contract/dtypes.ts';
import { parseTime } from '../contract/time.ts';

export type CelValue = string | number | bigint | boolean | object;

interface CelType {
  /** As the type checker names it. */
  readonly type: string;
  /** The evaluator's value of a JSON value that is not null; undefined where it is not of the dtype. */
  readonly read: (value: unknown) => CelValue | undefined;
}

const readNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const readText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function readInteger(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  if (typeof value === 'string') return /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
  return typeof value === 'bigint' ? value : undefined;
}

/** To the millisecond: CEL's timestamps are dates here. */
function readTimestamp(value: unknown): Date | undefined {
  const time = parseTime(value);
  return time === undefined ? undefined : new Date(time.millis);
}

function readBytes(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : undefined;
}

function listOf(member: CelType): CelType {
  return {
    type: `list<${member.type}>`,
    read: (value) => {
      if (!Array.isArray(value)) return undefined;
      const members: (CelValue | undefined)[] = value.map((item) => member.read(item));
      return members.includes(undefined) ? undefined : members;
    },
  };
}

const double: CelType = { type: 'double', read: readNumber };
const int: CelType = { type: 'int', read: readInteger };
const string: CelType = { type: 'string', read: readText };

export const celTypes: Readonly<Record<Dtype, CelType>> = {
  float64: double,
  float32: double,
  int64: int,
  int32: int,
  string,
  bool: { type: 'bool', read: (value) => (typeof value === 'boolean' ? value : undefined) },
  timestamp: { type: 'google.protobuf.Timestamp', read: readTimestamp },
  json: { type: 'dyn', read: (value) => value ?? undefined },
  bytes: { type: 'bytes', read: readBytes },
  'float64[]': listOf(double),
  'float32[]': listOf(double),
  'int64[]': listOf(int),
  'string[]': listOf(string),
};
