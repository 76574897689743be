export { createStatistics } from './create-statistics.ts';
export { dropStatistics } from './drop-statistics.ts';
export { forgetStatisticsBefore } from './forget-statistics-before.ts';
export { createReadStatistics, type ReadStatistics } from './read-statistics.ts';
export { refreshStatistics } from './refresh-statistics.ts';
