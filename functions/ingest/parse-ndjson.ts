import { FeatureStoreError } from '../../shared/contract/errors.ts';

/**
 * A row a line; blank lines are no rows. A line that is not JSON becomes a row that is none (undefined), so that it is
 * refused by its own index and the others are taken.
 */
export function parseNdjson(body: string): unknown[] {
  const rows: unknown[] = [];
  for (const line of body.split('\n')) {
    if (line.trim() === '') continue;
    rows.push(parseLine(line));
  }
  if (rows.length === 0) throw new FeatureStoreError('invalid_request', 'the body has no rows');
  return rows;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
