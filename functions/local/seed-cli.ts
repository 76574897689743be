import { parseArgs } from 'node:util';
import { createProgress } from './progress.ts';
import { transactionsBy, writeHistory } from './sample-events.ts';
import { type Send, seed } from './seed.ts';

const usage = `npm run seed -- [--url http://localhost:8000] [--key tenant1_key] [--users 1000] [--days 30] [--merchants 50] [--cache-users 0]
Writes the sample data to a running feature store. The key needs the scope write.
`;

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://localhost:8000' },
    key: { type: 'string', default: process.env.FEATURE_STORE_API_KEY ?? 'tenant1_key' },
    users: { type: 'string', default: '1000' },
    merchants: { type: 'string', default: '50' },
    days: { type: 'string', default: '30' },
    'cache-users': { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}

const send: Send = async (path, body) => {
  const response = await fetch(new URL(path, values.url), {
    headers: { 'content-type': 'application/json', 'x-api-key': values.key },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
};

const progress = createProgress('Writing sample data');
try {
  const rows = await seed(send, {
    users: count('users', values.users),
    merchants: count('merchants', values.merchants),
    days: count('days', values.days),
    cacheUsers: Math.min(count('cache-users', values['cache-users']), count('users', values.users)),
    now: new Date(),
    onProgress: progress.update,
  });
  progress.stop();
  const events = await writeHistory(transactionsBy(send), count('users', values.users), new Date());
  process.stdout.write(`Wrote ${rows} rows and ${events} events to ${values.url}\n`);
} catch (error) {
  progress.stop();
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

function count(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  process.stderr.write(`--${name} is a whole number, not ${text}\n${usage}`);
  process.exit(2);
}
