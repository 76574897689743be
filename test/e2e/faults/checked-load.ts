import type { Answer } from '../../support/feature-store.ts';
import type { LocalProcess } from '../local-process.ts';
import { createFigures, type PhaseFigures } from './figures.ts';
import { createRisingValue, type RisingValue } from './rising-values.ts';

/** What must be answered in a phase; of the rest each may be 503. */
export interface Promised {
  /** Reads of entities that were written. */
  readonly known: boolean;
  /** Reads of entities that nobody wrote. */
  readonly unknown: boolean;
  readonly writes: boolean;
  /** Point-in-time reads. */
  readonly history: boolean;
}

export const all: Promised = { known: true, unknown: true, writes: true, history: true };

export interface CheckedLoad {
  /** What is asked from now on is of this phase. */
  begin(name: string, promised: Promised): PhaseFigures;
  /** Answers that were wrong, or not what the phase promised. */
  readonly faults: string[];
  readonly phases: readonly PhaseFigures[];
  stop(): Promise<void>;
}

/** Of a request that was answered: the phase that it began in, and whether it was promised an answer then and now. */
interface Asked {
  readonly phase: PhaseFigures;
  readonly begunMillis: number;
  readonly isPromised: boolean;
}

const feature = 'count';
const view = 'counter';
const entities = 24;

/**
 * Clients that write and read without a pause and know what is right: each entity's value rises by one with each of its writes,
 * which one client makes in turn. A read must answer a value that was written, and how long that had been out of date is noted.
 */
export async function startCheckedLoad(local: LocalProcess): Promise<CheckedLoad> {
  const features = [{ name: feature, dtype: 'int64' }];
  const registered = await local.post('/api/v1/feature-views', { name: view, entity_type: 'user', features });
  if (registered.status !== 201) throw new Error(registered.text);

  const values = Array.from({ length: entities }, createRisingValue);
  const phases: PhaseFigures[] = [];
  const faults: string[] = [];
  let promised = all;
  let figures = createFigures('');
  let isStopped = false;

  /** Asks, and notes under the phase it began in how long it took and whether it was answered as promised then and now. */
  const ask = async (
    what: keyof Promised,
    path: string,
    body: object,
    check: (answer: Answer, asked: Asked) => void,
  ): Promise<void> => {
    const phase = figures;
    const wasPromised = promised[what];
    const begunMillis = performance.now();
    const complain = (said: string): void => {
      faults.push(`${phase.name}: ${path} ${JSON.stringify(body).slice(0, 200)}: ${said}`);
    };
    try {
      const answer = await local.post(path, body);
      const took = performance.now() - begunMillis;
      (what === 'writes' ? phase.writeMillis : phase.readMillis).push(took);
      if (answer.status === 200) {
        phase[what === 'writes' ? 'accepted' : 'answered']++;
        check(answer, { phase, begunMillis, isPromised: wasPromised && promised[what] });
        return;
      }
      phase[what === 'writes' ? 'refused' : 'unavailable']++;
      const isHonest = answer.status === 503 && answer.json.code === 'unavailable';
      const namesViews = what === 'writes' || answer.json.views?.includes(view);
      if (!isHonest || !namesViews || (wasPromised && promised[what])) complain(`${answer.status} ${answer.text}`);
    } catch (error) {
      complain(String(error));
    }
  };

  const judge = (index: number, value: unknown, { phase, begunMillis }: Asked): void => {
    const judged = risingOf(values, index).judge(value, begunMillis);
    if ('wrong' in judged) faults.push(`${phase.name}: ${idOf(index)}: ${judged.wrong}`);
    else phase.staleMillis = Math.max(phase.staleMillis, judged.staleMillis);
  };

  const write = (index: number): Promise<void> => {
    const value = risingOf(values, index).next();
    const rows = [{ entity_id: idOf(index), event_time: new Date().toISOString(), values: { [feature]: value } }];
    return ask('writes', '/api/v1/features/ingest', { view, rows }, () =>
      risingOf(values, index).acknowledged(value, performance.now()),
    );
  };

  const readOne = (index: number): Promise<void> =>
    ask('known', '/api/v1/features/online', { entity_id: idOf(index), feature_names: [feature] }, ({ json }, asked) =>
      judge(index, json.features[feature], asked),
    );

  /** Of entities that are known and one that is not: without a store for them they are UNAVAILABLE, in an answer all the same. */
  const readMany = (indexes: readonly number[]): Promise<void> => {
    const entity_ids = [...indexes.map(idOf), 'nobody'];
    const body = { entity_ids, feature_names: [feature], allow_partial: true };
    return ask('known', '/api/v1/features/online', body, ({ json }, asked) => {
      const { phase, isPromised } = asked;
      for (const [place, index] of indexes.entries()) {
        const { statuses, values: found } = json.rows[place];
        if (statuses[0] === 'PRESENT') judge(index, found[0], asked);
        else if (statuses[0] !== 'UNAVAILABLE' || isPromised)
          faults.push(`${phase.name}: ${JSON.stringify(json.rows[place])}`);
      }
      const status = json.rows[indexes.length].statuses[0];
      if (status !== 'NOT_FOUND' && status !== 'UNAVAILABLE') faults.push(`${phase.name}: nobody is ${status}`);
    });
  };

  const readNobody = (entity_id: string): Promise<void> =>
    ask('unknown', '/api/v1/features/online', { entity_id, feature_names: [feature] }, ({ json }, { phase }) => {
      const { status } = json.metadata[feature];
      if (status !== 'NOT_FOUND') faults.push(`${phase.name}: ${entity_id} is ${status}`);
    });

  const readHistory = (indexes: readonly number[]): Promise<void> => {
    const body = { entity_ids: indexes.map(idOf), feature_names: [feature], timestamp: new Date().toISOString() };
    return ask('history', '/api/v1/features/batch', body, ({ json }, asked) => {
      for (const [place, index] of indexes.entries()) judge(index, json.rows[place].features[feature], asked);
    });
  };

  const some = (turn: number): number[] => Array.from({ length: 5 }, (_, place) => (turn + 5 * place) % entities);
  const clients: ((turn: number) => Promise<void>)[] = [
    ...[0, 1, 2, 3].map((reader) => (turn: number) => readOne((5 * turn + reader) % entities)),
    (turn) => readMany(some(turn)),
    (turn) => readNobody(`nobody ${turn}`),
    (turn) => readHistory(some(turn)),
    // Two, each with entities of its own.
    ...[0, 1].map((writer) => (turn: number) => write((2 * turn + writer) % entities)),
  ];

  for (let index = 0; index < entities; index++) await write(index);
  const loops = clients.map(async (client) => {
    for (let turn = 0; !isStopped; turn++) await client(turn);
  });

  return {
    begin: (name, promises) => {
      promised = promises;
      figures = createFigures(name);
      phases.push(figures);
      return figures;
    },
    ...{ faults, phases },
    stop: async () => {
      isStopped = true;
      await Promise.all(loops);
    },
  };
}

function idOf(index: number): string {
  return `entity ${index}`;
}

function risingOf(values: readonly RisingValue[], index: number): RisingValue {
  const value = values[index];
  if (value === undefined) throw new Error(`there is no entity ${index}`);
  return value;
}
