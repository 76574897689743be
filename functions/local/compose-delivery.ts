import { createDeliverRecords, type DeadLetterStore, type DeliverRecords } from '../../shared/delivery/index.ts';
import { createIngestRows } from '../../shared/ingestion/index.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { createApplyEvents } from '../../shared/stream/index.ts';
import { findTenant } from '../../shared/tenancy/index.ts';
import type { RegistryCore } from '../composition/core.ts';
import { observeDelivery, observeDuplicates } from '../composition/observe-delivery.ts';
import type { AppParts } from './compose-app.ts';

export interface DeliveryParts extends Omit<AppParts, 'telemetry' | 'peppers' | 'developmentKeys'> {
  readonly telemetry: Telemetry;
  readonly core: RegistryCore;
  readonly deadLetters: DeadLetterStore;
  /** Of this process, which no store knows of. */
  readonly developmentTenants: readonly TenantContext[];
}

/** How stream records reach the stores that composeApp's routes are over. */
export function composeLocalDelivery(parts: DeliveryParts): DeliverRecords {
  const { stores, core, clock, telemetry, logger, environment } = parts;
  const writing = {
    database: stores.writer,
    cache: stores.cache,
    registries: core.registries,
    clock,
    futureToleranceSeconds: environment.EVENT_TIME_TOLERANCE_SECONDS,
  };
  const deliver = createDeliverRecords({
    registries: core.registries,
    clock,
    logger,
    bindings: environment.STREAM_BINDINGS,
    envelopeSecret: parts.envelopeSecret,
    findTenant: async (name) => {
      const known = parts.developmentTenants.find(({ tenantName }) => tenantName === name);
      if (known !== undefined) return known;
      const tenant = await findTenant(stores, name);
      return tenant === undefined ? undefined : { tenantId: tenant.tenantId, tenantName: name };
    },
    applyEvents: observeDuplicates(telemetry, createApplyEvents(writing)),
    ingestRows: createIngestRows(writing),
    deadLetters: parts.deadLetters,
  });
  return observeDelivery(telemetry, deliver);
}
