import { normalizeEntityId } from '../contract/entity-id.ts';
import type { RowErrorCode } from '../contract/errors.ts';
import { isObject } from '../contract/is-object.ts';
import type { StreamSource } from '../registry/index.ts';

export interface IdentifiedEvent {
  readonly eventId: string;
  /** As given: `event_id` is among them also where the source has no field of this name. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Why an event or a row is not taken. */
export interface EventRefusal {
  /** One that answers tell, or of a whole group of records. */
  readonly code: string;
  readonly detail: string;
}

/**
 * What tells an event apart (docs/semantics.md section 5): the source's own field for it, else `event_id` beside the fields,
 * else what the transport says, or whoever writes it. The same at each delivery.
 */
export function identifyEvent(
  source: StreamSource,
  given: unknown,
  otherwise: () => string,
): IdentifiedEvent | (EventRefusal & { readonly code: RowErrorCode }) {
  if (!isObject(given)) return { code: 'invalid_row', detail: 'an event is an object of its fields' };
  const own = source.eventId === null ? null : (given[source.eventId] ?? null);
  const named = own ?? given.event_id ?? null;
  if (named === null) {
    if (source.eventId === 'event_id' && isIdInteger(source)) {
      return {
        code: 'invalid_event_id',
        detail: 'event_id: an integer is needed, by which the source tells events apart',
      };
    }
    return { eventId: otherwise(), fields: given };
  }
  const eventId = normalizeEntityId(named);
  if (eventId === undefined) {
    const name = own === null ? 'event_id' : source.eventId;
    return {
      code: 'invalid_event_id',
      detail: `${name}: 1 to 512 bytes of text without NUL or lone surrogate, or a safe integer`,
    };
  }
  return { eventId: own !== null && isIdInteger(source) ? canonical(eventId) : eventId, fields: given };
}

function isIdInteger({ eventId, fields }: StreamSource): boolean {
  return fields.some(({ name, dtype }) => name === eventId && dtype === 'int64');
}

/** 7 and "007" are one int64. What is none is refused later, by its dtype. */
function canonical(text: string): string {
  return /^-?\d{1,30}$/.test(text) ? String(BigInt(text)) : text;
}
