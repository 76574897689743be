import pino, { type Logger } from 'pino';

export type { Logger } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** A long-living process gathers lines for up to a tenth of a second; Lambda, which freezes, writes each at once. */
  readonly buffered: boolean;
}

/** JSON lines on standard output: level and message, and what the call adds. */
export function createLogger({ level, buffered }: LoggerOptions): Logger {
  const destination = pino.destination(
    buffered ? { fd: 1, sync: false, minLength: 8192, periodicFlush: 100 } : { fd: 1, sync: true },
  );
  return pino(
    {
      level,
      messageKey: 'message',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
