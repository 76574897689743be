// What code refers to that has no schema to make: a process that reads online makes none of those of writes.

/**
 * 4 MiB is what a Lambda event (6 MB) holds of a body in base64. `rowBytes` is of a row's values as the JSON text they are
 * stored as: reads hold some hundred rows at once (shared/online, shared/training).
 */
export const ingestLimits = { bytes: 4 * 1024 * 1024, rows: 50_000, rowBytes: 1024 * 1024 } as const;

/** Of a `where`: characters, nodes of its syntax tree, and how deep they nest. */
export const filterLimits = { characters: 1000, nodes: 300, depth: 50 } as const;

/** `docs/registry.md` says what each computes and of which dtype. A test holds the list against that of `aggregation`. */
export const aggregationFunctions = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'variance',
  'stddev',
  'first',
  'last',
  'first_k',
  'last_k',
  'count_distinct',
  'top_k',
  'percentile',
] as const;

export const registryLimits = {
  featuresOfView: 500,
  featuresOfService: 500,
  /** A row of Postgres holds 296 values of text of any length: an event of this many fields always fits. */
  fieldsOfSource: 250,
  /** Each has two tables of its own, which a day of events cuts further. */
  sourcesOfTenant: 100,
} as const;
