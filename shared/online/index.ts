export { createReadOnline, type ReadOnline } from './read-online.ts';
