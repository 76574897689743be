export { encodeAbsence, isAbsence, isAbsenceCurrent } from './entry.ts';
export { type GuardOptions, guardCache } from './guarded-cache.ts';
export { createMemoryCache, type MemoryCacheOptions } from './memory-cache.ts';
export type { CacheAnswer, CacheEntry, CacheOptions, EntityRead, OnlineCache, SideCommand } from './online-cache.ts';
export { createRespCache, type RespCacheOptions } from './resp-cache.ts';
