import type { LocalProcess } from './local-process.ts';

export interface ReadStream {
  /** Answers that were not 200, or threw. */
  readonly failures: string[];
  /** Answers with a value that was not to be there. */
  readonly wrong: string[];
  reads(): number;
  /** Writes the next value of every entity that changes; from then on none older is right. */
  write(): Promise<number>;
  stop(): Promise<void>;
}

export interface ReadStreamOptions {
  readonly view: string;
  readonly feature: string;
  readonly entities: number;
  readonly readers: number;
}

/**
 * Readers that ask without a pause and know what is right: half of the entities keep their value, the others count up with
 * each `write()`, and a read begun after a write was answered must not show less.
 */
export async function startReadStream(process: LocalProcess, options: ReadStreamOptions): Promise<ReadStream> {
  const { view, feature, entities, readers } = options;
  const steady = (index: number): boolean => index % 2 === 0;
  const id = (index: number): string => `entity ${index}`;
  let attempted = 0;
  let written = 0;
  let reads = 0;
  let isStopped = false;
  const failures: string[] = [];
  const wrong: string[] = [];

  const valuesOf = (indexes: readonly number[], value: (index: number) => number) =>
    Object.fromEntries(indexes.map((index) => [id(index), { [feature]: value(index) }]));
  const all = Array.from({ length: entities }, (_, index) => index);
  const first = await process.ingest(
    view,
    valuesOf(all, (index) => (steady(index) ? index : 0)),
  );
  if (first.status !== 200) throw new Error(first.text);

  const readOnce = async (index: number): Promise<void> => {
    const least = steady(index) ? index : written;
    try {
      const answer = await process.read(id(index), [feature]);
      reads++;
      if (answer.status !== 200) failures.push(`${answer.status} ${answer.text}`);
      else {
        const value: unknown = answer.json.features[feature];
        const most = steady(index) ? index : attempted;
        if (typeof value !== 'number' || value < least || value > most) {
          wrong.push(`${id(index)} is ${value}, not ${least} to ${most}`);
        }
      }
    } catch (error) {
      failures.push(String(error));
    }
  };
  const loops = Array.from({ length: readers }, async (_, reader) => {
    for (let turn = reader; !isStopped; turn++) await readOnce(turn % entities);
  });

  return {
    failures,
    wrong,
    reads: () => reads,
    write: async () => {
      attempted++;
      const value = attempted;
      const changing = all.filter((index) => !steady(index));
      const answer = await process.ingest(
        view,
        valuesOf(changing, () => value),
      );
      if (answer.status === 200) written = value;
      return answer.status;
    },
    stop: async () => {
      isStopped = true;
      await Promise.all(loops);
    },
  };
}
