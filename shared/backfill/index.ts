export { type BackfillReport, runBackfills } from './run-backfills.ts';
