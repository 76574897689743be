export { acceptRows } from './accept-rows.ts';
export { createIngestRows, type IngestDependencies, type IngestRows } from './ingest-rows.ts';
export { type ProjectionStores, sweepProjections } from './project-rows.ts';
