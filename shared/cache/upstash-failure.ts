/**
 * What may be said of a request that failed. The package's messages repeat the commands with all their values, or the answer, and
 * errors are logged.
 */
export function failureOf(error: unknown): Error {
  if (error instanceof Error) {
    if (error.name === 'UpstashError') return new Error(`Upstash answered an error: ${reasonOf(error.message)}`);
    const cause = brokenBy(error);
    if (cause !== undefined) return new Error(`Upstash could not be asked: ${shorten(cause.message || cause.code)}`);
    if (error.name === 'AbortError') return new Error('The request was given up');
  }
  return new TypeError('Upstash answered something else than the results of commands');
}

/** Whether the connection broke before there was an answer. */
export function isBroken(error: unknown): boolean {
  const cause = brokenBy(error);
  return isUnanswered(error) && cause !== undefined && brokenCodes.has(cause.code);
}

/** Redis's messages say what is wrong first. */
export function shorten(text: unknown): string {
  return String(text).slice(0, 200);
}

const brokenCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Node's fetch says this before an answer, and `terminated` in the middle of one. */
function isUnanswered(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

/** What Node's fetch failed by. */
function brokenBy(error: unknown): { message: string; code: string } | undefined {
  if (!(error instanceof TypeError && error.cause instanceof Error)) return undefined;
  const { cause } = error;
  return { message: cause.message, code: 'code' in cause ? String(cause.code) : '' };
}

/** Of `WRONGPASS invalid token, command was: [["hmget",…` what stands before the command. */
function reasonOf(message: string): string {
  const [reason = ''] = message.split(', command was: ', 1);
  return reason === 'undefined' ? 'no reason given' : shorten(reason);
}
