export { type BackfillDependencies, type BackfillReport, runBackfills } from './run-backfills.ts';
