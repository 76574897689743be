export { addEventColumns, createEventTables } from './create-event-tables.ts';
export { createTileTable } from './create-tile-table.ts';
export { rawTable, seenTable } from './tables.ts';
