import { seenTable } from '../events/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database.ts';
import { fromMicrosSql, viewTableName } from '../values/index.ts';
import { dailyPass } from './daily-pass.ts';
import type { EventTable } from './stream-tables.ts';

const microsPerDay = 86_400_000_000;
/** Some 50,000 ids, a fifth of a second: a writer of one that is being forgotten waits that long. */
const blocksAtOnce = 500;

/**
 * Forgets the ids of events that came before the source's dedupe_days, in the order of the file: without an index of when they
 * came, which each event would pay for. Answers how many.
 */
export function forgetIds(database: Database, { ctx, source }: EventTable, clock: Clock): Promise<number> {
  const table = seenTable(source.name);
  const name = viewTableName(ctx.tenantId, table);
  const horizonMicros = clock.nowMicros() - source.dedupeDays * microsPerDay;
  return dailyPass(database, ctx, { table, clock }, async (transaction, from) => {
    const first = Number(from);
    const [found] = await transaction.rows<{ forgotten: number; blocks: number }>({
      name: 'forget_ids',
      text: `
        WITH forgotten AS (
          DELETE FROM ${name} WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND received_at < ${fromMicrosSql('$3::float8')}
          RETURNING 1
        )
        SELECT count(*)::int4 AS forgotten,
          (pg_relation_size($4::text::regclass) / current_setting('block_size')::int8)::float8 AS blocks
        FROM forgotten`,
      values: [`(${first},0)`, `(${first + blocksAtOnce},0)`, horizonMicros, name],
    });
    const { forgotten = 0, blocks = 0 } = found ?? {};
    const next = first + blocksAtOnce;
    return { to: next < blocks ? String(next) : undefined, done: forgotten };
  });
}
