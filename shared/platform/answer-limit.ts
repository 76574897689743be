import { FeatureStoreError } from '../contract/errors.ts';

/** How large an answer may be, by the count of what carries it. */
export interface AnswerLimit {
  readonly maxBytes: number;
  /** Of an answer's text; at least its length. */
  bytesOf(text: string): number;
}

/** Over HTTP itself. */
export function httpAnswerLimit(maxBytes: number): AnswerLimit {
  return { maxBytes, bytesOf: (text) => Buffer.byteLength(text) };
}

/** Lambda answers 6 MiB, of which the status and the headers have some. */
const mostLambdaBytes = 6 * 1024 * 1024 - 16 * 1024;

/** From Lambda, where the text is a JSON string within the function's own answer: a quote counts twice. */
export function lambdaAnswerLimit(maxBytes: number): AnswerLimit {
  return {
    maxBytes: Math.min(maxBytes, mostLambdaBytes),
    bytesOf: (text) => Buffer.byteLength(JSON.stringify(text)),
  };
}

/** Throws payload_too_large for an answer over the limit. */
export function requireWithinLimit({ maxBytes, bytesOf }: AnswerLimit, text: string): void {
  // JSON text has at most three bytes a code unit, escaped too. Nearly all answers are done with by their length.
  if (text.length * 3 + 2 <= maxBytes) return;
  if (text.length > maxBytes || bytesOf(text) > maxBytes) throw answerTooLarge(maxBytes);
}

export function answerTooLarge(maxBytes: number): FeatureStoreError {
  return new FeatureStoreError(
    'payload_too_large',
    `the answer is over ${maxBytes} bytes: ask for fewer entities or features, or for a list with a smaller limit`,
  );
}
