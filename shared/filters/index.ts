export { checkFilter } from './check-filter.ts';
export { compileFilter, type EventFields, type Filter } from './compile-filter.ts';
