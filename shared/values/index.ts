export { type Appended, appendRows, type EncodedRows, isPartitionMissing } from './append-rows.ts';
export { arrayOf, codecs, type EncodedValue, elementOf, isValueError, jsonOf, quoteElement } from './codecs.ts';
export { addFeatureColumns, createTenantSchema, createViewTable } from './create-view-table.ts';
export { createEnsurePartitions } from './ensure-partitions.ts';
export { maintenanceStep } from './maintenance-step.ts';
export { copyText, narrowRow } from './narrow-row.ts';
export {
  addPendingTiles,
  deleteProjections,
  findLeftOverOfTenant,
  findPending,
  isPageFull,
  type PendingProjection,
} from './pending-projections.ts';
export { readAsOf } from './read-as-of.ts';
export { readLatest } from './read-latest.ts';
export { createWidthCheck } from './row-width.ts';
export {
  type Chunk,
  type CutTable,
  isHypertable,
  listChunks,
  listPartitions,
  listSegments,
  type Segment,
} from './segments.ts';
export { isOutsideMaxAge, parseStoredRow, type StoredRow, statusOf } from './stored-row.ts';
export { carriedTableName, fromMicrosSql, toMicrosSql, viewTableName } from './tables.ts';
export { compressionSql, enableTimescale, makeHypertable, readTimescale, type Timescale } from './timescale.ts';
export { mostLengthOf } from './value-length.ts';
