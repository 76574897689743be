import type { SourceField } from '../registry/index.ts';

/** A source's raw events, for viewTableName and ensure_partitions. Tables of views end in `_v` and a number. */
export function rawTable(source: string): string {
  return `${source}_events`;
}

/** The ids of events that came within the source's dedupe_days. */
export function seenTable(source: string): string {
  return `${source}_seen`;
}

/** Fields that have a column of their own: `event_time` and `event_id` are those of every event, where they are fields. */
export function ownColumns(fields: readonly SourceField[]): SourceField[] {
  return fields.filter(({ name }) => name !== 'event_time' && name !== 'event_id');
}
