import { handler } from '../../../functions/jobs/backfill.ts';

// The job in a process of its own, as Lambda runs it, for as many milliseconds as its argument says, and how much memory it took.
const untilMillis = Date.now() + Number(process.argv[2]);
const answer = await handler({}, { getRemainingTimeInMillis: () => untilMillis - Date.now() });
process.stdout.write(`${JSON.stringify({ ...answer, peakMegabytes: process.resourceUsage().maxRSS / 1024 })}\n`);
process.exit(0);
