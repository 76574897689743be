export { type Appended, appendRows, type EncodedRows } from './append-rows.ts';
export { codecs, isValueError, type ValueError } from './codecs.ts';
export { addFeatureColumns, createViewTable } from './create-view-table.ts';
export { createEnsurePartitions, type EnsurePartitions } from './ensure-partitions.ts';
export { deleteProjections, findLeftOver, finishProjection, type PendingProjection } from './pending-projections.ts';
export { type AsOfRead, readAsOf, type Spine } from './read-as-of.ts';
export { type LatestKey, readLatest } from './read-latest.ts';
export { parseStoredRow, type StoredRow, statusOf } from './stored-row.ts';
