export { createReadOnline, type OnlineDependencies, type ReadOnline } from './read-online.ts';
