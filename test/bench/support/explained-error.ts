/** Its message is all that whoever ran a command needs: shown without a stack. */
export class ExplainedError extends Error {}

/** Runs a command. What was explained is said on standard error, and the process then ends with 2. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
