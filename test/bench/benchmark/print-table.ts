/** Of one shape of request. */
export interface Measured {
  readonly entities: number;
  readonly features: number;
  /** Requests at once. */
  readonly connections: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly requestsPerSecond: number;
  /** Undefined where the server does not say what its cache had. */
  readonly hitRate: number | undefined;
}

const headings = ['', 'P50', 'P99', 'requests/s', 'features/s', 'cache hit rate'];

export function printTable(measured: Readonly<Record<string, Measured>>): void {
  const lines = [headings, ...Object.entries(measured).map(([name, figures]) => lineOf(name, figures))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines) {
    const cells = line.map((cell, column) =>
      (column === 0 ? cell.padEnd : cell.padStart).call(cell, widths[column] ?? 0),
    );
    process.stdout.write(`${cells.join('  ')}\n`);
  }
}

function lineOf(name: string, { entities, features, connections, ...figures }: Measured): string[] {
  return [
    `${name}: ${entities} x ${features} features, ${connections} at once`,
    `${figures.p50Millis.toFixed(2)} ms`,
    `${figures.p99Millis.toFixed(2)} ms`,
    Math.round(figures.requestsPerSecond).toLocaleString('en'),
    Math.round(figures.requestsPerSecond * entities * features).toLocaleString('en'),
    figures.hitRate === undefined ? 'n/a' : `${(figures.hitRate * 100).toFixed(2)} %`,
  ];
}
