import { parseDuration } from '../aggregation/index.ts';
import type { RegisterSourceRequest } from '../contract/stream-sources.ts';
import type { FeatureView, SourceField, StreamSource } from './model.ts';

export interface SourceChangeSettings {
  readonly defaultRetentionDays: number;
  /** RFC 3339. */
  readonly now: string;
}

/** What registering a source does. */
export type SourceChange =
  /** The identical thing again. */
  | { readonly kind: 'none'; readonly source: StreamSource }
  /** Description, tags, owner, retention or how long ids are remembered: in place, 200. */
  | { readonly kind: 'described'; readonly source: StreamSource }
  /** More fields: in place, revision + 1, 201. */
  | { readonly kind: 'extended'; readonly source: StreamSource; readonly added: readonly SourceField[] }
  | { readonly kind: 'created'; readonly source: StreamSource }
  /** What events are told apart by, when they happened, a dtype: none of it changes under the events that are there. */
  | { readonly kind: 'conflict'; readonly detail: string; readonly differences: readonly string[] }
  /** Of the request by itself. */
  | { readonly kind: 'refused'; readonly detail: string };

const defaultDedupeDays = 7;
const microsPerDay = 86_400_000_000;

/** The rule of docs/registry.md for sources, pure: what the source is now and what is asked for, to what happens. */
export function decideSourceChange(
  source: StreamSource | undefined,
  request: RegisterSourceRequest,
  views: readonly FeatureView[],
  settings: SourceChangeSettings,
): SourceChange {
  const days = daysOf(request, settings);
  if (days.retentionDays > 0 && days.dedupeDays > days.retentionDays) {
    const detail = `dedupe_days: an event older than the ${days.retentionDays} days of retention_days is refused by its time`;
    return { kind: 'refused', detail };
  }
  const fields = Object.entries(request.schema).map(([name, dtype]) => ({ name, dtype }));
  const described = { description: request.description, tags: request.tags, owner: request.owner, ...days };
  if (source === undefined) {
    const { name, event_time: eventTime, event_id: eventId } = request;
    const times = { createdAt: settings.now, updatedAt: settings.now };
    return { kind: 'created', source: { name, revision: 1, fields, eventTime, eventId, ...described, ...times } };
  }
  const differences = [...differencesBetween(source, request), ...windowsBeyond(source, days.retentionDays, views)];
  if (differences.length > 0) {
    const detail = `stream source ${source.name} is registered otherwise: ${differences.join('; ')}`;
    return { kind: 'conflict', detail, differences };
  }
  const added = fields.filter(({ name }) => !source.fields.some((field) => field.name === name));
  const changed: StreamSource = {
    ...source,
    ...described,
    revision: source.revision + (added.length > 0 ? 1 : 0),
    fields: [...source.fields, ...added],
  };
  if (JSON.stringify(changed) === JSON.stringify(source)) return { kind: 'none', source };
  const updated = { ...changed, updatedAt: settings.now };
  return added.length > 0 ? { kind: 'extended', source: updated, added } : { kind: 'described', source: updated };
}

/** An id need not be remembered for longer than an event of its age is taken. */
function daysOf(
  request: RegisterSourceRequest,
  { defaultRetentionDays }: SourceChangeSettings,
): Pick<StreamSource, 'retentionDays' | 'dedupeDays'> {
  const retentionDays = request.retention_days ?? defaultRetentionDays;
  const most = retentionDays === 0 ? defaultDedupeDays : retentionDays;
  return { retentionDays, dedupeDays: request.dedupe_days ?? Math.min(defaultDedupeDays, most) };
}

function differencesBetween(source: StreamSource, request: RegisterSourceRequest): string[] {
  const differences: string[] = [];
  if (source.eventTime !== request.event_time) {
    differences.push(`event_time is ${source.eventTime}, not ${request.event_time}`);
  }
  if (source.eventId !== request.event_id) differences.push(`event_id is ${source.eventId}, not ${request.event_id}`);
  for (const { name, dtype } of source.fields) {
    const asked = Object.hasOwn(request.schema, name) ? request.schema[name] : undefined;
    if (asked === undefined) differences.push(`field ${name} is missing`);
    else if (asked !== dtype) differences.push(`dtype of ${name} is ${dtype}, not ${asked}`);
  }
  return differences;
}

/** Windows that registered views could no longer count. */
function windowsBeyond({ name }: StreamSource, days: number, views: readonly FeatureView[]): string[] {
  if (days === 0) return [];
  return views
    .flatMap(({ versions }) => versions)
    .flatMap(({ view, version, stream }) => {
      if (stream?.source !== name) return [];
      return stream.aggregations.flatMap(({ name: feature, window }) => {
        const micros = window === null ? 0 : parseDuration(window);
        if (typeof micros !== 'number' || micros <= days * microsPerDay) return [];
        return [`${view}@${version}:${feature} counts ${window}, longer than ${days} days`];
      });
    });
}
