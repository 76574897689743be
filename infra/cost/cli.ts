import { parseArgs } from 'node:util';
import * as z from 'zod';
import { assumptions, compareKnobs, estimateCost, totalOf, type Workload } from './estimate-cost.ts';
import { pricesAsOf } from './prices.ts';

const number = (fallback: string, least = 0, most = 1e12) =>
  z
    .string()
    .default(fallback)
    .refine((text) => text !== '' && Number(text) >= least && Number(text) <= most, {
      error: `is a number from ${least} to ${most}`,
    })
    .transform(Number);

const optionsSchema = z.object({
  'reads-per-second': number('100'),
  features: number('20', 1, 10_000),
  rows: number('1e6'),
  'writes-per-second': number('100'),
  'events-per-second': number('100'),
  'hit-rate': number('0.95', 0, 1),
  provisioned: number('5', 0, 10_000),
  'min-capacity': number('2', 0.5, 256),
  'retention-days': number('90', 1, 36_500),
  external: z.boolean().default(false),
});

/** Prints what a month costs, by service, and which setting matters most: `npm run cost -- --reads-per-second 500`. */
function main(given: string[]): void {
  const workload = readWorkload(given);
  const lines = estimateCost(workload);
  const say = (text = ''): void => {
    process.stdout.write(`${text}\n`);
  };
  say(`USD a month, list prices of us-east-1 as of ${pricesAsOf}, no free tier, no discount`);
  say();
  for (const { service, usd, because } of lines) say(`${amount(usd)}  ${service.padEnd(30)} ${because}`);
  say(`${amount(totalOf(lines))}  together`);
  say();
  say('One change at a time would save:');
  for (const { name, saves } of compareKnobs(workload)) say(`${amount(saves)}  ${name}`);
  say();
  say('Taken for granted (infra/cost/estimate-cost.ts):');
  for (const [name, value] of Object.entries({ ...workload, ...assumptions })) say(`  ${name} ${value}`);
}

function readWorkload(args: string[]): Workload {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ 'reads-per-second': text, features: text, rows: text, 'writes-per-second': text },
      ...{ 'events-per-second': text, 'hit-rate': text, provisioned: text, 'min-capacity': text },
      ...{ 'retention-days': text, external: { type: 'boolean' } },
    },
  });
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`).join('\n'));
  }
  const { data } = parsed;
  return {
    readsPerSecond: data['reads-per-second'],
    features: data.features,
    rows: data.rows,
    writesPerSecond: data['writes-per-second'],
    eventsPerSecond: data['events-per-second'],
    hitRate: data['hit-rate'],
    provisioned: data.provisioned,
    minCapacity: data['min-capacity'],
    retentionDays: data['retention-days'],
    external: data.external,
  };
}

function amount(usd: number): string {
  return usd.toFixed(2).padStart(12);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
