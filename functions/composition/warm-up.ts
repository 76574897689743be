import { findTenant } from '../../shared/tenancy/index.ts';
import type { LambdaParts } from './lambda.ts';

/** Of the 10 s that Lambda gives init. A store that is away is found so by requests too. */
const patienceMillis = 2_000;

/**
 * With provisioned concurrency nobody waits for init, so the stores are connected to and each client makes its first call, which
 * takes the longest (DynamoDB's 25 ms, the next 2). Otherwise a caller waits, and asks for what it needs and no more. A
 * process starts while a store is down.
 */
export async function warmUp(
  { cache, database, dynamodb }: Pick<LambdaParts, 'cache' | 'database' | 'dynamodb'>,
  initializationType: string | undefined,
): Promise<void> {
  if (initializationType !== 'provisioned-concurrency') return;
  const firstCalls = Promise.allSettled([
    cache.ping(),
    database.rows({ name: 'warm_up', text: 'SELECT 1' }),
    // Of no tenant: a name has no dot.
    findTenant({ dynamodb }, 'warm.up'),
  ]);
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMillis);
  });
  await Promise.race([firstCalls, patience]);
  clearTimeout(timer);
}
