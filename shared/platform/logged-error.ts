import { sourceStack } from './source-stack.ts';

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  /** Of the system or of a store, such as `ECONNREFUSED` or an SQLSTATE. */
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** What the log says of anything that was thrown. Not all of its members: one of a store's may hold what somebody stored. */
export function loggedError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && error.code !== undefined ? { code: String(error.code) } : {}),
    ...(error.stack === undefined ? {} : { stack: sourceStack(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: loggedError(error.cause) }),
  };
}
