import type { Report } from './read-report.ts';

const headings = ['', 'users', 'requests', 'requests/s', 'P50', 'P99', 'errors', 'cache hit rate', 'thresholds'];

export function printSummary(reports: Readonly<Record<string, Report>>): void {
  const lines = [headings, ...Object.entries(reports).map(([script, report]) => lineOf(script, report))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const [name = '', ...cells] of lines) {
    const padded = cells.map((cell, column) => cell.padStart(widths[column + 1] ?? 0));
    process.stdout.write(`${[name.padEnd(widths[0] ?? 0), ...padded].join('  ')}\n`);
  }
  for (const [script, { failures }] of Object.entries(reports)) {
    const counted = Object.entries(failures).map(([failure, count]) => `${count} ${failure}`);
    if (counted.length > 0) process.stdout.write(`${script}: ${counted.join(', ')}\n`);
  }
}

function lineOf(script: string, report: Report): string[] {
  return [
    script,
    String(report.users),
    report.requests.toLocaleString('en'),
    report.requestsPerSecond.toFixed(0),
    `${report.p50Millis} ms`,
    `${report.p99Millis} ms`,
    `${(report.errorRate * 100).toFixed(3)} %`,
    report.hitRate === undefined ? 'n/a' : `${(report.hitRate * 100).toFixed(2)} %`,
    report.hasPassed ? 'hold' : 'FAIL',
  ];
}
