import { FeatureStoreError, toProblem } from '../../shared/contract/errors.ts';
import type { HttpAnswer } from './http-answer.ts';

/** Any error as an RFC 9457 answer. What is not meant for the caller is 500 and says nothing of the inside. */
export function problemAnswer(error: unknown, requestId: string): HttpAnswer {
  const problem = toProblem(forCaller(error), requestId);
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer';
  if (problem.status === 503) headers['retry-after'] = '1';
  const { retry_after_ms: retryMillis } = problem;
  if (typeof retryMillis === 'number') headers['retry-after'] = String(Math.ceil(retryMillis / 1000));
  return { status: problem.status, text: JSON.stringify(problem), headers };
}

function forCaller(error: unknown): FeatureStoreError {
  if (error instanceof FeatureStoreError) return error;
  // What JSON.parse read may still be too deep to walk.
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return new FeatureStoreError('invalid_request', 'the body is nested too deeply');
  }
  return new FeatureStoreError('internal_error', 'an unexpected error; the log has it under this request id');
}
