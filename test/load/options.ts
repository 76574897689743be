import { parseArgs } from 'node:util';
import { parseUrl } from '../bench/benchmark/options.ts';
import { ExplainedError } from '../bench/support/explained-error.ts';

export interface LoadOptions {
  /** Undefined: a server is started, with stores of its own. */
  readonly url: string | undefined;
  readonly apiKey: string;
  /** In place of what the scripts say. */
  readonly p99Millis: number | undefined;
  /** Ten users without pauses, in place of the scripts' own. */
  readonly isShort: boolean;
}

export const usage = `npm run load -- [options]

Runs the scripts of test/load by artillery, one after the other, and fails where one of their thresholds does not hold. Without --url
it starts a server on one core, with a Redis and a Postgres of its own, and artillery on the others.

  --url URL      of a server that runs; the key then needs the scope write
  --api-key KEY  (FEATURE_STORE_API_KEY, else tenant1_key, which a local server knows)
  --p99 MILLIS   the threshold of answer times (15), such as for a server that is far away
  --short        ten users without pauses: whether the scripts work, not how fast
  --help
`;

/** Undefined where help is asked for. */
export function parseLoadOptions(args: readonly string[]): LoadOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  return {
    url: values.url === undefined ? undefined : parseUrl(values.url),
    apiKey: values['api-key'],
    p99Millis: values.p99 === undefined ? undefined : parseMillis(values.p99),
    isShort: values.short,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' },
        'api-key': { type: 'string', default: process.env.FEATURE_STORE_API_KEY ?? 'tenant1_key' },
        p99: { type: 'string' },
        short: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new ExplainedError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

function parseMillis(text: string): number {
  if (/^\d{1,6}(\.\d{1,6})?$/.test(text)) return Number(text);
  throw new ExplainedError(`--p99 is a number of milliseconds, not ${text}`);
}
