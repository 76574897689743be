export { askWindows, type WindowsAsked } from './ask-windows.ts';
export {
  type CachedWindows,
  isEnough,
  marksOf,
  readCachedWindows,
  tailsToKeep,
} from './cached-tiles.ts';
export type { StreamEvent } from './count-event.ts';
export { foldedValue, storedValue } from './event-values.ts';
export { fieldsAsked } from './fields-asked.ts';
export { fieldsRead } from './read-events.ts';
export { createReadMissingWindows, type MissingWindows, type ReadMissingWindows } from './read-missing-windows.ts';
export { readWindowsAsOf } from './read-windows-as-of.ts';
export { findStreamPlan, type StreamPlan, streamPlanOf } from './stream-plan.ts';
export { tileFieldsOf } from './tile-fields.ts';
export {
  createLifetime,
  decodeTileRow,
  hourText,
  lifetimeHour,
  readTileRows,
  readTilesAt,
  rolledUpHour,
  type TileKey,
  type TileRow,
  tileColumns,
  tileRowOf,
} from './tile-rows.ts';
export { type TouchedTile, tilesTouchedBy } from './touched-tiles.ts';
