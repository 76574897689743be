import type { BindingTarget } from '../platform/stream-bindings.ts';
import { type DecodeSettings, decodeRecord, type RefusedRecord } from './decode-record.ts';
import type { StreamRecord } from './stream-record.ts';

/** An event or a row, and where it came from. */
export interface GroupedItem {
  readonly given: unknown;
  readonly record: StreamRecord;
  /** Its place in the record. */
  readonly place: number;
}

/** What a batch brings for one tenant and one source or view, in the order of the batch. */
export interface RecordGroup {
  readonly tenant: string;
  readonly target: BindingTarget;
  readonly items: readonly GroupedItem[];
}

export interface GroupedRecords {
  readonly groups: readonly RecordGroup[];
  readonly refused: readonly (RefusedRecord & { readonly record: StreamRecord })[];
}

/** Decodes a batch and sorts it by whose it is. A record is of one group, or refused. */
export function groupRecords(records: readonly StreamRecord[], settings: DecodeSettings): GroupedRecords {
  const groups = new Map<string, RecordGroup & { items: GroupedItem[] }>();
  const refused: (RefusedRecord & { record: StreamRecord })[] = [];
  let group: (RecordGroup & { items: GroupedItem[] }) | undefined;
  for (const record of records) {
    const decoded = decodeRecord(record, settings);
    if ('reason' in decoded) {
      refused.push({ ...decoded, record });
      continue;
    }
    const { tenant, target, items } = decoded;
    // All records of a bound stream have the same target.
    if (group?.target !== target || group.tenant !== tenant) {
      // The length keeps two apart whatever their names hold.
      const key = `${tenant.length} ${tenant} ${target.kind} ${target.name}`;
      group = groups.get(key) ?? { tenant, target, items: [] };
      groups.set(key, group);
    }
    for (const [place, given] of items.entries()) {
      if (record.places?.includes(place) ?? true) group.items.push({ given, record, place });
    }
  }
  return { groups: [...groups.values()], refused };
}
