import { FeatureStoreError } from '../contract/errors.ts';
import { answerTooLarge } from '../platform/answer-limit.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Database } from '../platform/database.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { PlannedEntity, PlannedTable, ReadPlan } from '../registry/index.ts';
import { readWindowsAsOf, type StreamPlan } from '../tiles/index.ts';
import { mostLengthOf, narrowRow, readAsOf, type StoredRow } from '../values/index.ts';
import type { SpineRow } from './parse-spine.ts';

/** The row behind a feature of an input row, by the slot of its table. */
export type RowAt = (slot: number, inputRow: number) => StoredRow | undefined;

export interface ReadSpineOptions {
  readonly knownAtMicros: number | undefined;
  readonly maxAnswerBytes: number;
  /** Of the plan's stream views. */
  readonly streams: ReadonlyMap<PlannedTable, StreamPlan>;
}

/**
 * For each input row the stored rows that count, by one query per view at once as a rule: numbers are read at any number of
 * rows, while of views with a text, which may have 64 KiB, a thousand rows are read at a time, and of those with arrays, 1 MiB,
 * some dozen. An entity asked several times as of one moment is read once. Throws unavailable with the view, and
 * payload_too_large as soon as what was read is too much for an answer.
 */
export async function readSpine(
  database: Database,
  ctx: TenantContext,
  plan: ReadPlan,
  rows: readonly SpineRow[],
  { knownAtMicros, maxAnswerBytes, streams }: ReadSpineOptions,
): Promise<RowAt> {
  const spines = plan.entities.map((_, entity) => spineOf(rows, entity));
  const stored: (StoredRow | undefined)[][] = Array.from({ length: plan.slots }, () => []);
  const rounds = roundsOf(plan.entities, spines);
  const wanted = Map.groupBy(plan.distinctFeatures, ({ slot }) => slot);
  let characters = 0;
  for (const round of rounds) {
    const found = await Promise.all(
      round.map((read) => readPlaces(database, ctx, read, streams.get(read.planned), knownAtMicros)),
    );
    for (const [index, { slot, spine, from }] of round.entries()) {
      const ofTable = stored[slot] ?? [];
      for (const [offset, row] of found[index]?.entries() ?? []) {
        // One round holds no more than it may.
        if (row === undefined || rounds.length === 1) ofTable.push(row);
        else {
          const narrowed = narrowRow(row, wanted.get(slot) ?? [], spine.asOfMicros[from + offset] ?? 0);
          characters += narrowed.length;
          ofTable.push(narrowed.row);
        }
      }
    }
    if (characters > maxAnswerBytes) throw answerTooLarge(maxAnswerBytes);
  }
  const spineOfSlot = plan.entities.flatMap(({ tables }, entity) => tables.map(() => spines[entity]));
  return (slot, inputRow) => stored[slot]?.[spineOfSlot[slot]?.placeOf[inputRow] ?? -1];
}

/** What is read of one entity type: each entity and moment once. */
interface DistinctSpine {
  readonly entityIds: readonly string[];
  readonly asOfMicros: readonly number[];
  /** By input row. */
  readonly placeOf: readonly number[];
}

function spineOf(rows: readonly SpineRow[], entity: number): DistinctSpine {
  const places = new Map<string, number>();
  const entityIds: string[] = [];
  const asOfMicros: number[] = [];
  const placeOf = rows.map((row) => {
    const entityId = row.entityIds[entity] ?? '';
    const key = `${row.asOfMicros} ${entityId}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    const place = entityIds.push(entityId) - 1;
    asOfMicros.push(row.asOfMicros);
    places.set(key, place);
    return place;
  });
  return { entityIds, asOfMicros, placeOf };
}

interface PlacesRead {
  readonly slot: number;
  readonly planned: PlannedTable;
  readonly spine: DistinctSpine;
  /** Places of the spine, the second not included. */
  readonly from: number;
  readonly to: number;
}

/** Characters that the rows of one round have at most: 64 rows of 1 MiB. A read of 10,000 such, were they short, took 0.1 s longer. */
const mostAtOnce = 64 * 1024 * 1024;

/** The queries, in rounds of those that are made at once. */
function roundsOf(entities: readonly PlannedEntity[], spines: readonly DistinctSpine[]): PlacesRead[][] {
  const rounds: PlacesRead[][] = [];
  let round: PlacesRead[] = [];
  let left = mostAtOnce;
  for (const [entity, { tables, firstSlot }] of entities.entries()) {
    const spine = spines[entity];
    if (spine === undefined) continue;
    for (const [table, planned] of tables.entries()) {
      const most = mostLengthOf(planned.features);
      for (let from = 0; from < spine.entityIds.length; ) {
        if (left < most) {
          rounds.push(round);
          round = [];
          left = mostAtOnce;
        }
        const to = Math.min(spine.entityIds.length, from + Math.floor(left / most));
        round.push({ slot: firstSlot + table, planned, spine, from, to });
        left -= (to - from) * most;
        from = to;
      }
    }
  }
  rounds.push(round);
  return rounds;
}

async function readPlaces(
  database: Database,
  ctx: TenantContext,
  { planned: { table, features, version }, spine, from, to }: PlacesRead,
  stream: StreamPlan | undefined,
  knownAtMicros: number | undefined,
): Promise<(StoredRow | undefined)[]> {
  const part = { entityIds: spine.entityIds.slice(from, to), asOfMicros: spine.asOfMicros.slice(from, to) };
  try {
    if (stream !== undefined) {
      const positions = features.map(({ position }) => position);
      return await readWindowsAsOf(database, ctx, { plan: stream, positions, spine: part, knownAtMicros });
    }
    return await readAsOf(database, ctx, { table, features, spine: part, knownAtMicros });
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    throw new FeatureStoreError(
      'unavailable',
      `Postgres cannot answer ${version.view} now`,
      { views: [version.view] },
      { cause: error },
    );
  }
}
