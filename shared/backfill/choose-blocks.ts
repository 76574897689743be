import type { Queryable } from '../platform/database.ts';
import { quoteIdentifier } from '../platform/database.ts';
import type { SourceField } from '../registry/index.ts';
import { codecs } from '../values/index.ts';

/** Blocks of a partition or chunk, by number, the second not included. */
export interface Blocks {
  readonly from: number;
  readonly to: number;
}

/**
 * What is folded at once. 20,000 events took half a second at most, for which writers of the same tiles wait, and 50,000 more than one
 * second, without being counted faster. Text, JSON and arrays may have 64 KiB each and more.
 */
const mostEvents = 20_000;
const mostCharacters = 16 * 1024 * 1024;
/** 16 MB of the file, looked at once for their sizes and once for the events. */
const mostBlocks = 2048;

const wide: ReadonlySet<string> = new Set(['string', 'json', 'bytes', 'float64[]', 'float32[]', 'int64[]', 'string[]']);

/** The next blocks from `from` on, as many as may be folded at once: one at least. None at the end of the file. */
export async function chooseBlocks(
  query: Queryable,
  segment: string,
  { from, epoch, fields }: { readonly from: number; readonly epoch: number; readonly fields: readonly SourceField[] },
): Promise<Blocks | undefined> {
  const lengths = fields
    .filter(({ dtype }) => wide.has(dtype))
    .map(({ name, dtype }) => ` + coalesce(octet_length((${codecs[dtype].select(quoteIdentifier(name))})::text), 0)`);
  const [found] = await query.rows<{ blocks: number; to: number | null }>({
    name: 'choose_blocks',
    text: `
      WITH sizes AS (
        SELECT (ctid::text::point)[0]::int8 AS block, count(*) AS events, sum(octet_length(event_id)${lengths.join('')}) AS characters
        FROM ${segment} WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND _epoch < $3 GROUP BY 1
      ), sums AS (
        SELECT block, sum(events) OVER before AS events, sum(characters) OVER before AS characters
        FROM sizes WINDOW before AS (ORDER BY block)
      )
      SELECT (pg_relation_size($4::text::regclass) / current_setting('block_size')::int8)::float8 AS blocks,
        (SELECT min(block) FROM sums WHERE (events > ${mostEvents} OR characters > ${mostCharacters})
          AND block > (SELECT min(block) FROM sums))::float8 AS to`,
    values: [`(${from},0)`, `(${from + mostBlocks},0)`, epoch, segment],
  });
  if (found === undefined || from >= found.blocks) return undefined;
  return { from, to: found.to ?? Math.min(from + mostBlocks, found.blocks) };
}
