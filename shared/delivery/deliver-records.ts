import { FeatureStoreError } from '../contract/errors.ts';
import { rejectionSchema } from '../contract/ingest.ts';
import * as z from '../contract/zod.ts';
import type { IngestRows } from '../ingestion/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Logger } from '../platform/logger.ts';
import { UnavailableError } from '../platform/unavailable.ts';
import type { Registries, StreamSource } from '../registry/index.ts';
import type { ApplyEvents, IncomingEvent } from '../stream/index.ts';
import { type ApplyItems, applyItems, failAll, refusalOf } from './apply-items.ts';
import { type Batch, createBatch } from './batch.ts';
import { deadLetterKey, writeDeadLetter } from './dead-letter.ts';
import type { DeadLetterStore } from './dead-letter-store.ts';
import type { DecodeSettings } from './decode-record.ts';
import { findSource } from './find-source.ts';
import { forEachAtOnce } from './for-each-at-once.ts';
import { type GroupedItem, groupRecords, type RecordGroup } from './group-records.ts';
import { type EventRefusal, identifyEvent } from './identify-event.ts';
import { type StreamRecord, transportEventId } from './stream-record.ts';

export interface DeliverDependencies extends DecodeSettings {
  readonly registries: Registries;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Undefined where there is none of this name. */
  readonly findTenant: (name: string) => Promise<TenantContext | undefined>;
  /** Counts events of one source. Those that were counted before change nothing and are accepted. */
  readonly applyEvents: ApplyEvents;
  readonly ingestRows: IngestRows;
  readonly deadLetters: DeadLetterStore;
}

export interface Delivery {
  /** Events and rows that count now, or did before. */
  readonly accepted: number;
  /** Records that are to come again: a store that they need was away. */
  readonly failed: ReadonlySet<StreamRecord>;
  /** Records that are, or of which a part is, among the dead letters, with the keys of these. */
  readonly dead: ReadonlyMap<StreamRecord, string>;
}

export type DeliverRecords = (records: readonly StreamRecord[]) => Promise<Delivery>;

/** Groups at a time: tenants do not wait for each other, and the pool has few connections. */
const groupsAtOnce = 4;
const lettersAtOnce = 8;

/** Events or rows a call. */
const mostItems = 20_000;

/** Microseconds that a record may have arrived ahead of our clock. A topic may let its producers say the time. */
const arrivalToleranceMicros = 60_000_000;

/**
 * The event trip of a batch: decode, then one call for each tenant and source or view, then store as dead letters what
 * changed nothing. Only faults fail a record; whatever is wrong with one record, or with one tenant's, leaves the others alone.
 */
export function createDeliverRecords(dependencies: DeliverDependencies): DeliverRecords {
  const { clock, logger } = dependencies;

  return async (records) => {
    const batch = createBatch();
    const { groups, refused } = groupRecords(records.filter(hasArrived(clock, batch)), dependencies);
    for (const { record, tenant, reason, detail } of refused) batch.refuseRecord(record, tenant, { reason, detail });
    await forEachAtOnce(groups, groupsAtOnce, (group) => applyGroup(dependencies, batch, group));
    await storeLetters(dependencies, batch);
    const { accepted, failed, letters } = batch.outcome();
    const kept = [...letters.values()].filter(({ record }) => !failed.has(record));
    const dead = new Map(kept.map((letter) => [letter.record, deadLetterKey(letter)]));
    // A line each second says nothing where all is well.
    const level = dead.size + failed.size > 0 ? 'info' : 'debug';
    logger[level]({ records: records.length, accepted, dead: dead.size, failed: failed.size }, 'delivered');
    return { accepted, failed, dead };
  };
}

function hasArrived(clock: Clock, batch: Batch): (record: StreamRecord) => boolean {
  const latest = clock.nowMicros() + arrivalToleranceMicros;
  return (record) => {
    if (record.arrivalMicros > 0 && record.arrivalMicros <= latest) return true;
    const detail = 'the time of the record is none, or ahead of the clock: let the topic be of LogAppendTime';
    batch.refuseRecord(record, undefined, { reason: 'invalid_arrival', detail });
    return false;
  };
}

async function applyGroup(dependencies: DeliverDependencies, batch: Batch, group: RecordGroup): Promise<void> {
  const refuseAll = (why: EventRefusal): void => {
    for (const item of group.items) batch.refuseItem(group, item, why);
  };
  try {
    const ctx = await dependencies.findTenant(group.tenant);
    if (ctx === undefined) return refuseAll({ code: 'unknown_tenant', detail: `there is no tenant ${group.tenant}` });
    if (group.target.kind === 'view') {
      await applyInParts(dependencies, batch, group, group.items, rowsCall(dependencies, ctx, group.target.name));
    } else {
      const source = await findSource(dependencies.registries, ctx, group.target.name);
      await applyInParts(dependencies, batch, group, eventsOf(source, batch, group), (events) =>
        dependencies.applyEvents(ctx, source.name, events),
      );
    }
  } catch (error) {
    if (error instanceof UnavailableError) failAll(dependencies.logger, batch, group, group.items, error);
    else refuseAll(refusalOf(dependencies.logger, group, error));
  }
}

async function applyInParts<Item extends GroupedItem>(
  { logger }: DeliverDependencies,
  batch: Batch,
  group: RecordGroup,
  items: readonly Item[],
  apply: ApplyItems<Item>,
): Promise<void> {
  for (let start = 0; start < items.length; start += mostItems) {
    await applyItems(logger, batch, group, items.slice(start, start + mostItems), apply);
  }
}

/** Refuses what has no identity. */
function eventsOf(source: StreamSource, batch: Batch, group: RecordGroup): (GroupedItem & IncomingEvent)[] {
  const events: (GroupedItem & IncomingEvent)[] = [];
  for (const item of group.items) {
    const { record, place, given } = item;
    const identified = identifyEvent(source, given, () => transportEventId(record, place));
    if ('code' in identified) batch.refuseItem(group, item, identified);
    else {
      const { eventId, fields } = identified;
      events.push({ given, record, place, eventId, fields, arrivalMicros: record.arrivalMicros });
    }
  }
  return events;
}

const rejectedSchema = z.array(rejectionSchema);

function rowsCall({ ingestRows }: DeliverDependencies, ctx: TenantContext, view: string): ApplyItems<GroupedItem> {
  return async (items) => {
    const rows = items.map(({ given }) => given);
    const arrivalMicros = items.map(({ record }) => record.arrivalMicros);
    try {
      return await ingestRows(ctx, { view, rows, arrivalMicros });
    } catch (error) {
      if (!(error instanceof FeatureStoreError) || error.code !== 'no_row_accepted') throw error;
      return { accepted: 0, rejected: rejectedSchema.parse(error.members.rejected) };
    }
  };
}

/** A record that comes again needs none yet, and one whose letter cannot be stored has to come again. */
async function storeLetters({ deadLetters, logger }: DeliverDependencies, batch: Batch): Promise<void> {
  const { failed, letters } = batch.outcome();
  const due = [...letters.values()].filter(({ record }) => !failed.has(record));
  await forEachAtOnce(due, lettersAtOnce, async (letter) => {
    const key = deadLetterKey(letter);
    try {
      await deadLetters.put(key, writeDeadLetter(letter));
      logger.warn({ reason: letter.reason, detail: letter.detail, key }, 'a record is among the dead letters');
    } catch (error) {
      logger.error({ err: error, key }, 'a dead letter could not be stored: its record is to come again');
      batch.fail(letter.record);
    }
  });
}
