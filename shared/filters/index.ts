export { checkFilter } from './check-filter.ts';
export { compileFilter, type EventFields, type Filter, type FilterError } from './compile-filter.ts';
