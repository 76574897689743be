import { hash } from 'node:crypto';
import { mostKept } from './aggregation.ts';
import type { Scalar } from './compare-values.ts';
import {
  addToRegisters,
  createRegisters,
  decodeRegisters,
  encodeRegisters,
  estimate,
  mergeRegisters,
  type Registers,
} from './hyperloglog.ts';
import { isJsonArray, type JsonValue, shapeError } from './json.ts';

/**
 * Different values: themselves up to 1,000, then a HyperLogLog of the same values, so that the split does not matter.
 * As JSON: the list of them, at most 1,000 times 43 characters; or a text of 16,384.
 */
export interface Distinct {
  readonly kind: 'distinct';
  /** Null once they are too many. */
  members: Set<Scalar> | null;
  registers: Registers | null;
}

/** Longer texts (up to 64 KiB) are kept as their SHA-256, which alone is 43 characters long and so is no other text. */
const mostLiteralLength = 42;

export function createDistinct(): Distinct {
  return { kind: 'distinct', members: new Set(), registers: null };
}

/** True where the partial has changed. */
export function foldDistinct(distinct: Distinct, value: Scalar): boolean {
  const isLong = typeof value === 'string' && value.length > mostLiteralLength;
  return addMember(distinct, isLong ? hash('sha256', value, 'base64url') : value);
}

/** True where the partial has changed. */
export function mergeDistinct(into: Distinct, from: Distinct): boolean {
  if (from.registers !== null) return mergeRegisters(registersOf(into), from.registers);
  let isChanged = false;
  for (const member of from.members ?? []) isChanged = addMember(into, member) || isChanged;
  return isChanged;
}

export function countDistinct({ members, registers }: Distinct): number {
  return registers === null ? (members?.size ?? 0) : estimate(registers);
}

export function encodeDistinct({ members, registers }: Distinct): JsonValue {
  return registers === null ? [...(members ?? [])] : encodeRegisters(registers);
}

export function decodeDistinct(json: JsonValue | undefined): Distinct {
  if (isJsonArray(json)) return { kind: 'distinct', members: new Set(json.map(scalarOf)), registers: null };
  const registers = typeof json === 'string' ? decodeRegisters(json) : undefined;
  if (registers === undefined) throw shapeError('distinct values');
  return { kind: 'distinct', members: null, registers };
}

function addMember(distinct: Distinct, member: Scalar): boolean {
  const { members, registers } = distinct;
  if (members === null || registers !== null) return addToRegisters(registersOf(distinct), String(member));
  const before = members.size;
  members.add(member);
  if (members.size > mostKept) registersOf(distinct);
  return members.size > before;
}

/** The registers, made of the members where there are none yet. */
function registersOf(distinct: Distinct): Registers {
  if (distinct.registers !== null) return distinct.registers;
  const registers = createRegisters();
  for (const member of distinct.members ?? []) addToRegisters(registers, String(member));
  distinct.members = null;
  distinct.registers = registers;
  return registers;
}

function scalarOf(json: JsonValue): Scalar {
  if (typeof json === 'object') throw shapeError('a value');
  return json;
}
