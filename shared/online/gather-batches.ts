import { setImmediate } from 'node:timers/promises';
import type { TenantContext } from '../platform/context.ts';

/** Of one request: more go as a batch of their own, so that nobody waits for them who asked for little. */
const mostGathered = 64;

/** Of a tenant. One more than one, so that a batch that waits for a lock does not hold up all others. */
const batchesAtOnce = 2;

interface Lane<Item> {
  /** By request. */
  readonly waiting: (readonly Item[])[];
  underWay: number;
}

/**
 * Puts what requests of a tenant ask for at the same time into few batches: what comes in one turn of the event loop makes one, and
 * while two are under way the next waits for one of them and grows. A request alone waits for nobody. `run` never rejects.
 */
export function createGatherBatches<Item>(
  run: (ctx: TenantContext, items: readonly Item[]) => Promise<void>,
): (ctx: TenantContext, items: readonly Item[]) => void {
  const lanes = new Map<string, Lane<Item>>();

  async function drain(ctx: TenantContext, lane: Lane<Item>): Promise<void> {
    lane.underWay++;
    await setImmediate();
    while (lane.waiting.length > 0) await run(ctx, takeBatch(lane.waiting));
    lane.underWay--;
    if (lane.underWay === 0) lanes.delete(ctx.tenantId);
  }

  return (ctx, items) => {
    if (items.length > mostGathered) {
      void run(ctx, items);
      return;
    }
    const lane = lanes.get(ctx.tenantId) ?? { waiting: [], underWay: 0 };
    lanes.set(ctx.tenantId, lane);
    lane.waiting.push(items);
    if (lane.underWay < batchesAtOnce && lane.waiting.length === 1) void drain(ctx, lane);
  };
}

function takeBatch<Item>(waiting: (readonly Item[])[]): Item[] {
  const batch: Item[] = [];
  while (batch.length + (waiting[0]?.length ?? mostGathered + 1) <= mostGathered)
    batch.push(...(waiting.shift() ?? []));
  return batch;
}
