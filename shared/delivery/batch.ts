import type { DeadLetter } from './dead-letter.ts';
import type { GroupedItem, RecordGroup } from './group-records.ts';
import type { EventRefusal } from './identify-event.ts';
import type { StreamRecord } from './stream-record.ts';

/** What becomes of a batch, gathered group by group. */
export interface Batch {
  accept(count: number): void;
  fail(record: StreamRecord): void;
  refuseRecord(record: StreamRecord, tenant: string | undefined, why: { reason: string; detail: string }): void;
  refuseItem(group: RecordGroup, item: GroupedItem, why: EventRefusal): void;
  outcome(): { accepted: number; failed: Set<StreamRecord>; letters: Map<StreamRecord, DeadLetter> };
}

export function createBatch(): Batch {
  const failed = new Set<StreamRecord>();
  const letters = new Map<StreamRecord, DeadLetter>();
  const refusedItems = new Map<StreamRecord, (EventRefusal & { index: number })[]>();
  let accepted = 0;
  return {
    accept: (count) => {
      accepted += count;
    },
    fail: (record) => failed.add(record),
    refuseRecord: (record, tenant, { reason, detail }) => {
      // Of a record that is delivered again in part, the rest has counted: it must not come again with it.
      const refused = record.places?.map((index) => ({ index, code: reason, detail }));
      letters.set(record, {
        record,
        tenant,
        target: undefined,
        reason,
        detail,
        ...(refused === undefined ? {} : { refused }),
      });
    },
    refuseItem: ({ tenant, target }, { record, place }, { code, detail }) => {
      const refused = refusedItems.get(record) ?? [];
      refused.push({ index: place, code, detail });
      refusedItems.set(record, refused);
      const { code: reason, detail: first } = refused[0] ?? { code, detail };
      letters.set(record, { record, tenant, target, reason, detail: first, refused });
    },
    outcome: () => ({ accepted, failed, letters }),
  };
}
