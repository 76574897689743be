/** Figures of one case by name; `floor` and `ratio` among them. */
export type Figures = Readonly<Record<string, number>>;

/** Prints a table, and as the last line one JSON object that a machine reads. */
export function printReport(cases: Readonly<Record<string, Figures>>): void {
  const rounded = Object.fromEntries(
    Object.entries(cases).map(([name, figures]) => [
      name,
      Object.fromEntries(Object.entries(figures).map(([figure, value]) => [figure, Number(value.toPrecision(4))])),
    ]),
  );
  const names = [...new Set(Object.values(rounded).flatMap((figures) => Object.keys(figures)))];
  const lines = [
    ['case', ...names],
    ...Object.entries(rounded).map(([name, figures]) => [
      name,
      ...names.map((figure) => String(figures[figure] ?? '')),
    ]),
  ];
  const widths = names.concat('case').map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines)
    process.stdout.write(`${line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')}\n`);
  process.stdout.write(`${JSON.stringify({ cases: rounded })}\n`);
}
