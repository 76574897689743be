import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { fromMicrosSql, maintenanceStep, toMicrosSql } from '../values/index.ts';

export interface PassStep {
  /** How far the pass is then; undefined at its end. */
  readonly to: string | undefined;
  readonly done: number;
}

const dayMicros = 86_400_000_000;
/** Of one run, so that a large table does not keep the others waiting; what is left the next run goes on with. */
const mostMicros = 10_000_000;

/**
 * Goes through a table once a day, part by part, for what has become too old. Each part is a transaction that remembers how far
 * the pass is: `from` is where the part before ended, and '' at the beginning. An index of ages would cost every write, and
 * reading a table once a day costs it little. Answers what was done in all.
 */
export async function dailyPass(
  database: Database,
  ctx: TenantContext,
  { table, clock }: { readonly table: string; readonly clock: Clock },
  step: (transaction: Queryable, from: string) => Promise<PassStep>,
): Promise<number> {
  const nowMicros = clock.nowMicros();
  let done = 0;
  while (clock.nowMicros() <= nowMicros + mostMicros) {
    const taken = await maintenanceStep(database, ctx, table, async (transaction) => {
      const { passedAt, passingSince, from } = await readPass(transaction, ctx, table);
      if (passingSince === null && nowMicros < passedAt + dayMicros) return undefined;
      const result = await step(transaction, from);
      await remember(transaction, ctx, table, passingSince ?? nowMicros, result.to);
      return result;
    });
    done += taken?.done ?? 0;
    if (taken?.to === undefined) return done;
  }
  return done;
}

interface Pass {
  /** -Infinity: there was none. */
  readonly passedAt: number;
  /** Null: none is under way. */
  readonly passingSince: number | null;
  readonly from: string;
}

async function readPass(transaction: Queryable, { tenantId }: TenantContext, table: string): Promise<Pass> {
  const [found] = await transaction.rows<Pass>({
    name: 'read_pass',
    text: `
      SELECT ${toMicrosSql('passed_at')} AS "passedAt", ${toMicrosSql('passing_since')} AS "passingSince", passed_to AS from
      FROM feature_store.maintained WHERE tenant_id = $1 AND view_table = $2`,
    values: [tenantId, table],
  });
  return found ?? { passedAt: Number.NEGATIVE_INFINITY, passingSince: null, from: '' };
}

async function remember(
  transaction: Queryable,
  { tenantId }: TenantContext,
  table: string,
  sinceMicros: number,
  to: string | undefined,
): Promise<void> {
  const since = fromMicrosSql('$3::float8');
  const times = to === undefined ? `passed_at = ${since}, passing_since = NULL` : `passing_since = ${since}`;
  await transaction.rows({
    name: 'remember_pass',
    text: `
      UPDATE feature_store.maintained SET ${times}, passed_to = $4
      WHERE tenant_id = $1 AND view_table = $2`,
    values: [tenantId, table, sinceMicros, to ?? ''],
  });
}
