export { createIngestRows, type IngestRows } from './ingest-rows.ts';
export { catchUpCache, sweepProjections, undoFilling } from './project-rows.ts';
