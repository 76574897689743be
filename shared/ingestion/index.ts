export { createIngestRows, type IngestRows } from './ingest-rows.ts';
export { sweepProjections } from './project-rows.ts';
