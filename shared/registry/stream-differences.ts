import { parseDuration } from '../aggregation/index.ts';
import type { StreamAggregation, StreamDefinition } from './model.ts';

/**
 * What makes one stream definition another than a registered one, a sentence each. That aggregations are more or fewer is
 * seen by their features; their order makes no difference, nor does how a duration is written.
 */
export function streamDifferences(registered: StreamDefinition | null, asked: StreamDefinition | null): string[] {
  if (registered === null || asked === null) {
    if (registered === asked) return [];
    return [registered === null ? 'it is a batch view' : 'it is a stream view'];
  }
  const differences: string[] = [];
  for (const [member, is, not] of [
    ['source', registered.source, asked.source],
    ['entity_key', registered.entityKey, asked.entityKey],
    ['where', registered.where, asked.where],
  ] as const) {
    if (is !== not) differences.push(`${member} is ${is}, not ${not}`);
  }
  if (!isSameDuration(registered.hop, asked.hop)) differences.push(`hop is ${registered.hop}, not ${asked.hop}`);
  const before = new Map(registered.aggregations.map((aggregation) => [aggregation.name, aggregation]));
  for (const aggregation of asked.aggregations) {
    const is = before.get(aggregation.name);
    if (is === undefined || isSameAggregation(is, aggregation)) continue;
    differences.push(`${aggregation.name} is ${written(is)}, not ${written(aggregation)}`);
  }
  return differences;
}

function isSameAggregation(a: StreamAggregation, b: StreamAggregation): boolean {
  return (
    a.function === b.function && a.field === b.field && a.k === b.k && a.p === b.p && isSameDuration(a.window, b.window)
  );
}

function isSameDuration(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && parseDuration(a) === parseDuration(b));
}

/** `percentile(amount, 0.5) over 24h`. */
function written({ function: name, field, window, k, p }: StreamAggregation): string {
  const given = [field, k, p].filter((part) => part !== null).join(', ');
  return `${name}(${given})${window === null ? '' : ` over ${window}`}`;
}
