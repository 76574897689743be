export { type BatchDependencies, createReadBatch, type ReadBatch } from './read-batch.ts';
