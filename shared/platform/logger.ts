import { formatTime } from '../contract/time.ts';
import { loggedError } from './logged-error.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

export interface LogLine {
  (message: string): void;
  (members: LogMembers, message: string): void;
}

/** What a line has beside its level, time and message. `err` is anything that was thrown. */
export type LogMembers = Readonly<Record<string, unknown>>;

export interface LoggerOptions {
  readonly level: LogLevel;
  /** A long-living process gathers lines for a moment; Lambda, which freezes, writes each at once. */
  readonly buffered: boolean;
}

/** JSON lines on standard output: level and message, and what the call adds. */
export function createLogger({ level, buffered }: LoggerOptions): Logger {
  const write = buffered ? gatherLines() : (line: string): unknown => process.stdout.write(line);
  const lineAt = (ofLevel: LogLevel): LogLine => {
    if (logLevels.indexOf(ofLevel) < logLevels.indexOf(level)) return () => {};
    return (given: LogMembers | string, message?: string) => {
      const time = formatTime({ millis: Date.now(), micros: 0 });
      const trace = buffered ? '' : traceOfInvocation();
      const begun = `{"level":"${ofLevel}","time":"${time}",${trace}"message":${JSON.stringify(message ?? given)}`;
      // The members' text is put behind as it is: each request writes a line, and one object of all takes twice the time.
      const members = typeof given === 'string' ? '{}' : JSON.stringify(withError(given));
      write(members === '{}' ? `${begun}}\n` : `${begun},${members.slice(1)}\n`);
    };
  };
  return { debug: lineAt('debug'), info: lineAt('info'), warn: lineAt('warn'), error: lineAt('error') };
}

function withError(members: LogMembers): LogMembers {
  return members.err === undefined ? members : { ...members, err: loggedError(members.err) };
}

/** Lambda says it anew for each invocation; X-Ray finds the trace by it, and Logs Insights all lines of one. */
function traceOfInvocation(): string {
  const root = /Root=([\w-]+)/.exec(process.env._X_AMZN_TRACE_ID ?? '')?.[1];
  return root === undefined ? '' : `"xray_trace_id":"${root}",`;
}

const mostCharacters = 16_384;
const mostMillis = 50;

/**
 * Writes many lines by one system call. A process that is killed loses the lines of its last 50 ms; one that exits loses
 * none.
 */
function gatherLines(): (line: string) => void {
  let lines: string[] = [];
  let characters = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length > 0) process.stdout.write(lines.join(''));
    lines = [];
    characters = 0;
  };
  process.on('exit', flush);
  return (line) => {
    lines.push(line);
    characters += line.length;
    if (characters >= mostCharacters) flush();
    else timer ??= setTimeout(flush, mostMillis).unref();
  };
}
