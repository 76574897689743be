import { operationsRoutes } from '../../shared/contract/operations.ts';
import type { PrometheusTelemetry } from '../../shared/platform/prometheus.ts';
import type { FunctionApp } from './create-app.ts';
import { ok } from './http-answer.ts';

/** Each dependency's name, and a call that throws unless it answers. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<unknown>>>;

/** Milliseconds after which a dependency that does not answer counts as down. */
const patienceMillis = 2000;

export function mountHealth(app: FunctionApp, checks: ReadinessChecks): void {
  app.openRoute(operationsRoutes.health, () => ok({ status: 'ok' }));

  app.openRoute(operationsRoutes.ready, async () => {
    const entries = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check)] as const),
    );
    const isReady = entries.every(([, { status }]) => status === 'up');
    return {
      status: isReady ? 200 : 503,
      json: { status: isReady ? 'ready' : 'degraded', dependencies: Object.fromEntries(entries) },
    };
  });
}

export function mountMetrics(app: FunctionApp, telemetry: PrometheusTelemetry): void {
  app.openRoute(operationsRoutes.metrics, async () => ({
    status: 200,
    text: await telemetry.expose(),
    headers: { 'content-type': telemetry.contentType },
  }));
}

async function stateOf(check: () => Promise<unknown>): Promise<{ status: 'up' | 'down'; detail?: string }> {
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMillis} ms`)), patienceMillis);
  });
  try {
    await Promise.race([check(), tooSlow]);
    return { status: 'up' };
  } catch (error) {
    return { status: 'down', detail: error instanceof Error ? error.message : 'unknown' };
  } finally {
    clearTimeout(timer);
  }
}
