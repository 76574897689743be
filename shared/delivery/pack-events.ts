import { createHash } from 'node:crypto';
import { signEnvelope } from './envelope.ts';
import type { LogRecord } from './event-log.ts';

/** An event as JSON, and what keeps it with others: the entity that it is about, where there is one. */
export interface PackedEvent {
  readonly key: string;
  readonly json: string;
}

export interface PackSettings {
  readonly tenant: string;
  readonly source: string;
  readonly envelopeSecret: string;
}

/**
 * Keys of a source that records are spread by. An entity has always the same one, and so the same shard. An entity each would make
 * a request of 10,000 events as many records, which a shard takes in 10 s; by these it is about a thousand.
 */
const partitions = 1024;

/** Bytes of an envelope after which another is begun: a bad one is retried and stored whole, and a record may have 1 MiB. */
const fullBytes = 256 * 1024;

/** Events in signed envelopes, of one partition each and in their order. */
export function packEvents(events: readonly PackedEvent[], settings: PackSettings): LogRecord[] {
  const byPartition = Map.groupBy(events, ({ key }) => partitionKeyOf(settings, key));
  return [...byPartition].flatMap(([partitionKey, ofPartition]) =>
    envelopesOf(ofPartition.map(({ json }) => json)).map((jsons) => ({
      partitionKey,
      data: writeEnvelope(jsons, settings),
    })),
  );
}

function partitionKeyOf({ tenant, source }: PackSettings, key: string): string {
  const number = createHash('sha256').update(key).digest().readUInt32BE() % partitions;
  return `${tenant}:${source}:${number}`;
}

function envelopesOf(jsons: readonly string[]): string[][] {
  const envelopes: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const json of jsons) {
    const added = bytesWithin(json);
    if (bytes + added > fullBytes) {
      envelopes.push([]);
      bytes = 0;
    }
    envelopes.at(-1)?.push(json);
    bytes += added;
  }
  return envelopes;
}

/** As text within JSON. */
function bytesWithin(json: string): number {
  return Buffer.byteLength(JSON.stringify(json));
}

function writeEnvelope(jsons: readonly string[], { tenant, source, envelopeSecret }: PackSettings): Buffer {
  const payload = `{"tenant":${JSON.stringify(tenant)},"source":${JSON.stringify(source)},"events":[${jsons.join(',')}]}`;
  return Buffer.from(JSON.stringify(signEnvelope(payload, envelopeSecret)));
}
