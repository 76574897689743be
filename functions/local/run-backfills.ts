import { runBackfills } from '../../shared/backfill/index.ts';
import type { Clock } from '../../shared/platform/clock.ts';
import type { TenantContext } from '../../shared/platform/context.ts';
import type { Logger } from '../../shared/platform/logger.ts';
import { republishRegistry } from '../../shared/registry/index.ts';
import { listTenantContexts } from '../../shared/tenancy/index.ts';
import type { RegistryCore } from '../composition/core.ts';
import { developmentTenants } from './development-tenants.ts';
import type { LocalStores } from './stores.ts';

/** Of one run: a process that is stopped waits for the run under way. */
const runMillis = 2000;

/** What the backfill job does each minute in AWS: for as long as a run may take, and the next goes on. */
export async function runLocalBackfills(parts: {
  readonly stores: LocalStores;
  readonly core: RegistryCore;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<void> {
  const { stores, core, clock, logger } = parts;
  const { cache, maintenance, owner } = stores;
  const made = await listTenantContexts(stores);
  const republish = (ctx: TenantContext) =>
    republishRegistry({ database: owner, store: core.store, publish: core.publish }, ctx);
  const { failures } = await runBackfills(
    { database: maintenance, cache, clock, logger, republish },
    [...developmentTenants, ...made],
    Date.now() + runMillis,
  );
  for (const { error, table } of failures) logger.error({ err: error, table }, 'a backfill failed');
}
