export { encodeAbsence, isAbsence, isAbsenceCurrent } from './entry.ts';
export { guardCache } from './guarded-cache.ts';
export { createMemoryCache } from './memory-cache.ts';
export type { CacheAnswer, CacheOptions, EntityRead, OnlineCache, SideCommand } from './online-cache.ts';
export { createRespCache, type RespCacheOptions } from './resp-cache.ts';
export {
  isFilled,
  markMicros,
  nextMark,
  orderOf,
  orderText,
  type TileMarks,
  tileFields,
  undoingMark,
} from './tile-fields.ts';
