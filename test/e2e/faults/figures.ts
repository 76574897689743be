/** What was answered in a phase of the run. */
export interface PhaseFigures {
  readonly name: string;
  readonly readMillis: number[];
  readonly writeMillis: number[];
  answered: number;
  unavailable: number;
  accepted: number;
  refused: number;
  /** The longest that a value read had been out of date when the read began. */
  staleMillis: number;
  /** From the return of what was away until all was served again. */
  recoveryMillis: number | undefined;
}

export function createFigures(name: string): PhaseFigures {
  return {
    ...{ name, readMillis: [], writeMillis: [], answered: 0, unavailable: 0, accepted: 0, refused: 0, staleMillis: 0 },
    recoveryMillis: undefined,
  };
}

const headings = 'phase,reads,503,read p50,read p99,writes,503,write p99,stale,recovered'.split(',');

/** A table for people; times in milliseconds. */
export function describeFigures(phases: readonly PhaseFigures[]): string {
  const lines = phases.map((phase) =>
    [
      phase.name,
      phase.answered + phase.unavailable,
      phase.unavailable,
      percentile(phase.readMillis, 0.5).toFixed(1),
      percentile(phase.readMillis, 0.99).toFixed(1),
      phase.accepted + phase.refused,
      phase.refused,
      percentile(phase.writeMillis, 0.99).toFixed(1),
      phase.staleMillis.toFixed(0),
      phase.recoveryMillis?.toFixed(0) ?? '',
    ].map(String),
  );
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const text = (line: readonly string[]): string =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return [headings, ...lines].map(text).join('\n');
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
