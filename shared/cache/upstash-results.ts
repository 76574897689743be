import { shorten } from './upstash-failure.ts';
import type { UpstashCommand } from './upstash-pipeline.ts';

/**
 * The results of a pipeline of commands. Throws if any failed that may not, with Redis's own message. What is thrown repeats
 * nothing else of an answer: there are values in it, and errors are logged.
 */
export function resultsOf(
  outcomes: readonly unknown[],
  commands: readonly Pick<UpstashCommand, 'mayFail'>[],
): unknown[] {
  if (outcomes.length !== commands.length) {
    throw new TypeError(`Upstash answered something else than the results of ${commands.length} commands`);
  }
  return outcomes.map((outcome, index) => {
    const result = resultOf(outcome);
    if (result instanceof Error && !commands[index]?.mayFail) throw result;
    return result;
  });
}

/** What a command answered, or the error that Redis did. */
function resultOf(outcome: unknown): unknown {
  if (typeof outcome === 'object' && outcome !== null) {
    if ('error' in outcome && outcome.error !== undefined) return new Error(shorten(outcome.error));
    if ('result' in outcome && outcome.result !== undefined) return outcome.result;
  }
  throw new TypeError('Upstash answered something else than the result of a command');
}
