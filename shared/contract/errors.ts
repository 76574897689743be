/**
 * The closed set of error codes, each with its HTTP status and title. A code is stable: clients match on it, never on
 * the detail. `docs/errors.md` documents them for people; a test holds the two together.
 */
export const errorCodes = {
  invalid_request: { status: 400, title: 'The request has the wrong shape' },
  invalid_name: { status: 400, title: 'A name has characters or a length that names may not have' },
  reserved_name: { status: 400, title: 'A name is reserved' },
  invalid_dtype: { status: 400, title: 'A dtype is not one of the known ones' },
  invalid_time: { status: 400, title: 'A time is not RFC 3339 or epoch milliseconds' },
  invalid_window: { status: 400, title: 'A window or hop is not one that can be counted' },
  invalid_aggregation: { status: 400, title: 'An aggregation does not fit its field or lacks a parameter' },
  invalid_filter: { status: 400, title: 'A filter is no CEL expression of type bool over the fields of its source' },
  entities_required: { status: 400, title: 'The entities of the features asked are not all named' },
  too_many_entities: { status: 400, title: 'Too many entities in one request' },
  too_many_features: { status: 400, title: 'Too many features in one request' },
  too_many_values: { status: 400, title: 'Too many values (entities times features) in one request' },
  too_many_rows: { status: 400, title: 'Too many rows in one request' },
  ambiguous_feature: { status: 400, title: 'The feature name fits several feature views' },
  unauthenticated: { status: 401, title: 'No valid API key' },
  forbidden: { status: 403, title: 'The API key lacks the scope' },
  feature_not_found: { status: 404, title: 'No such feature' },
  view_not_found: { status: 404, title: 'No such feature view' },
  service_not_found: { status: 404, title: 'No such feature service' },
  source_not_found: { status: 404, title: 'No such stream source' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The path does not take this method' },
  version_conflict: { status: 409, title: 'The definition conflicts with a registered version' },
  tenant_exists: { status: 409, title: 'A tenant of this name exists' },
  idempotency_key_reused: { status: 409, title: 'The idempotency key was used for another request' },
  payload_too_large: { status: 413, title: 'The body or the answer is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not taken here' },
  no_row_accepted: { status: 422, title: 'No row was accepted' },
  no_event_accepted: { status: 422, title: 'No event was accepted' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'A store that this request needs is unavailable' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** Why one row of an ingest request, or one event, was refused. */
export const rowErrorCodes = [
  'invalid_row',
  'unknown_field',
  'unknown_feature',
  'invalid_entity_id',
  'invalid_event_id',
  'invalid_event_time',
  'event_time_in_future',
  'event_time_out_of_range',
  'event_time_beyond_retention',
  'wrong_type',
  'out_of_range',
  'too_long',
  'invalid_text',
] as const;

export type RowErrorCode = (typeof rowErrorCodes)[number];

/** An error that is meant for the caller. Everything else that is thrown is a fault of ours and answers 500. */
export class FeatureStoreError extends Error {
  readonly code: ErrorCode;
  /** Further members of the problem document, such as `candidates` or `views`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    detail: string,
    members: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.name = 'FeatureStoreError';
    this.code = code;
    this.members = members;
  }
}

/** RFC 9457 problem document. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  request_id: string;
  [member: string]: unknown;
}

export function toProblem(error: FeatureStoreError, requestId: string): Problem {
  const { status, title } = errorCodes[error.code];
  return {
    ...error.members,
    type: `urn:feature-store:error:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    request_id: requestId,
  };
}
