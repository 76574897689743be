import type { FeatureStatus } from '../../shared/contract/online.ts';

/** A row as it was sent, in microseconds since the epoch. */
export interface OracleRow {
  readonly entityId: string;
  readonly eventMicros: number;
  readonly createdMicros: number;
  readonly recordedMicros: number;
  /** Of the view when it was written. */
  readonly revision: number;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface OracleQuestion {
  readonly entityId: string;
  readonly feature: string;
  /** The revision that added the feature. */
  readonly sinceRevision: number;
  readonly ttlMicros: number;
  readonly asOfMicros: number;
  readonly knownAtMicros: number;
}

export interface OracleAnswer {
  readonly status: FeatureStatus;
  readonly value: unknown;
  /** Null where the status is NOT_FOUND. */
  readonly eventMicros: number | null;
}

/**
 * Section 1 of docs/semantics.md by a full scan. `rows` in the order in which they were sent: of rows of one entity, event
 * time and created at the first is the stored one.
 */
export function naiveAnswer(rows: readonly OracleRow[], question: OracleQuestion): OracleAnswer {
  let best: OracleRow | undefined;
  for (const row of rows) {
    if (row.entityId !== question.entityId) continue;
    if (row.eventMicros > question.asOfMicros || row.recordedMicros > question.knownAtMicros) continue;
    const isNewer = best === undefined || row.eventMicros > best.eventMicros;
    const isLater = row.eventMicros === best?.eventMicros && row.createdMicros > best.createdMicros;
    if (isNewer || isLater) best = row;
  }
  if (best === undefined) return { status: 'NOT_FOUND', value: null, eventMicros: null };
  const { eventMicros } = best;
  if (question.asOfMicros - eventMicros > question.ttlMicros)
    return { status: 'OUTSIDE_MAX_AGE', value: null, eventMicros };
  if (best.revision < question.sinceRevision) return { status: 'NOT_FOUND', value: null, eventMicros: null };
  const value = best.values[question.feature] ?? null;
  return { status: value === null ? 'NULL_VALUE' : 'PRESENT', value, eventMicros };
}
