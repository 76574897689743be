import { EnvironmentError } from '../../shared/platform/environment.ts';

/** Something that whoever starts the process can put right. The message is one sentence, shown without a stack. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
  }
}

/** What to tell whoever started the process; undefined for an error that is ours, whose stack is wanted. */
export function explainStart(error: unknown): string | undefined {
  if (error instanceof StartError || error instanceof EnvironmentError) return error.message;
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  // SQLSTATE: login refused, no such database, no right to make roles and schemas.
  if (/^28|^3D000$|^42501$/.test(code)) return `POSTGRES_URL: Postgres refuses: ${error.message}.`;
  if (code.startsWith('ERR_PARSE_ARGS'))
    return `${error.message.split('. ')[0]}. The options are --memory, --no-seed and --no-sample-events.`;
  return undefined;
}
