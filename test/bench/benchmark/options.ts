import { parseArgs } from 'node:util';
import { ExplainedError } from '../support/explained-error.ts';

export interface BenchmarkOptions {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string;
  readonly latencyRequests: number;
  readonly throughputSeconds: number;
  readonly jsonFile: string | undefined;
}

export const usage = `npm run benchmark -- [options]

Reads features of a running feature store and prints how fast they come. It registers two views of its own, bench_10 and
bench_50, and writes 1,000 entities of each, where they are not there yet: the key needs the scope write then, and read later.

  --url URL                      of the server (http://localhost:8000)
  --api-key KEY                  (FEATURE_STORE_API_KEY, else tenant1_key, which a local server knows)
  --latency-requests COUNT       reads of one entity, one after the other (2000)
  --throughput-duration SECONDS  of reads of 100 entities, 16 at once (60)
  --json FILE                    writes the figures there, too
  --help
`;

/** Undefined where help is asked for. */
export function parseBenchmarkOptions(args: readonly string[]): BenchmarkOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  return {
    url: parseUrl(values.url),
    apiKey: values['api-key'],
    latencyRequests: parseCount('latency-requests', values['latency-requests']),
    throughputSeconds: parseCount('throughput-duration', values['throughput-duration']),
    jsonFile: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: { type: 'string', default: 'http://localhost:8000' },
        'api-key': { type: 'string', default: process.env.FEATURE_STORE_API_KEY ?? 'tenant1_key' },
        'latency-requests': { type: 'string', default: '2000' },
        'throughput-duration': { type: 'string', default: '60' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new ExplainedError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

export function parseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new ExplainedError(`--url is an address such as http://localhost:8000, not ${text}`);
  return url.href.replace(/\/$/, '');
}

function parseCount(name: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new ExplainedError(`--${name} is a whole number from 1 on, not ${text}`);
}
