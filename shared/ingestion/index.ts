export { createIngestRows, type IngestRows } from './ingest-rows.ts';
export { sweepProjections, undoFilling } from './project-rows.ts';
