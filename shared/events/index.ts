export { closeEpoch } from './close-epoch.ts';
export { addEventColumns, createEventTables } from './create-event-tables.ts';
export { entityKeySql } from './create-key-index.ts';
export { createTileTable } from './create-tile-table.ts';
export { ensureKeyIndex } from './ensure-key-index.ts';
export { readBackfills } from './read-backfills.ts';
export { readEventsFrom } from './read-events-from.ts';
export { ownColumns, rawTable, seenTable } from './tables.ts';
