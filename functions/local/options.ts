import { parseArgs } from 'node:util';

export interface LocalOptions {
  /** Keep nothing: all embedded parts in memory. */
  readonly memory: boolean;
  /** Write the sample data. */
  readonly seed: boolean;
  /** Write sample events all the time, of the sample data's users. */
  readonly sampleEvents: boolean;
}

export function parseLocalOptions(args: readonly string[]): LocalOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      memory: { type: 'boolean', default: false },
      'no-seed': { type: 'boolean', default: false },
      'no-sample-events': { type: 'boolean', default: false },
    },
  });
  return { memory: values.memory, seed: !values['no-seed'], sampleEvents: !values['no-sample-events'] };
}
