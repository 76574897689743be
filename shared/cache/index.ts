export { encodeAbsence, isAbsence, isAbsenceCurrent, newestOf, oneMore } from './entry.ts';
export { type GuardOptions, guardCache } from './guarded-cache.ts';
export { holdReads } from './hold-reads.ts';
export { createLocalLimits } from './local-limits.ts';
export { createMemoryCache } from './memory-cache.ts';
export type {
  CacheAnswer,
  CacheEntry,
  CacheOptions,
  EntityRead,
  LimitCommand,
  OnlineCache,
  SideCommand,
} from './online-cache.ts';
export { isPartText, partHead, partTextHead, readPartTextHead, writePartText } from './part-text.ts';
export { createRespCache, type RespCacheOptions } from './resp-cache.ts';
export { epochOf, limitOf } from './side-answers.ts';
export type { LimitAnswer, LimitBucket } from './take-from-buckets.ts';
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
export { createUpstashCache, type UpstashCacheOptions } from './upstash-cache.ts';
