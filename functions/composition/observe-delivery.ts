import type { DeliverRecords } from '../../shared/delivery/index.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import type { ApplyEvents } from '../../shared/stream/index.ts';

/** Reports each batch; one that throws too, as nothing accepted. */
export function observeDelivery(telemetry: Telemetry, deliver: DeliverRecords): DeliverRecords {
  return async (records) => {
    const startedAt = performance.now();
    const batch = { accepted: 0, deadLetters: 0, failed: records.length };
    try {
      const delivery = await deliver(records);
      batch.accepted = delivery.accepted;
      batch.deadLetters = delivery.dead.size;
      batch.failed = delivery.failed.size;
      return delivery;
    } finally {
      telemetry.batchDone({ ...batch, seconds: (performance.now() - startedAt) / 1000 });
    }
  };
}

/** Reports events that had been counted before. */
export function observeDuplicates(telemetry: Telemetry, applyEvents: ApplyEvents): ApplyEvents {
  return async (ctx, source, events) => {
    const applied = await applyEvents(ctx, source, events);
    telemetry.duplicatesDropped(applied.duplicates);
    return applied;
  };
}
