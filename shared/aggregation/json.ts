/** Values as JSON knows them. An int64 beyond ±(2^53 − 1) is its decimal text, and only such a one is. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

export function isJsonArray(json: JsonValue | undefined): json is readonly JsonValue[] {
  return Array.isArray(json);
}

/** A fault: stored partials are ours, and a tile is read by the plan of the view version that wrote it. */
export function shapeError(expected: string): Error {
  return new Error(`The tile does not have the shape of its plan: expected ${expected}`);
}
