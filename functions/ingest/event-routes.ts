import { eventRoutes, eventsLimits } from '../../shared/contract/events.ts';
import type { PublishEvents } from '../../shared/delivery/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { parseJson, parseWith, readBody, readParams } from '../http/parse-request.ts';

/** Events over HTTPS, on their way to the stream. */
export function mountEvents(app: FunctionApp, publishEvents: PublishEvents): void {
  const { writeEvents: route } = eventRoutes;
  app.tenantRoute(route, async ({ c, ctx, log }) => {
    const { source } = parseWith(route.params, readParams(c), 'path');
    const { events } = parseWith(route.body, parseJson(await readBody(c, eventsLimits.bytes)), '');
    log.source = source.slice(0, 64);
    const { accepted, eventIds, rejected } = await publishEvents(ctx, { source, events });
    log.accepted = accepted;
    return { status: 202, json: { accepted, event_ids: eventIds, rejected } };
  });
}
