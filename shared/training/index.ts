export { createReadBatch, type ReadBatch } from './read-batch.ts';
