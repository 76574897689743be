const lookMillis = 250;

/**
 * Calls `stop` once npm has ended, where `npm start` started this process. npm passes a signal on to the shell between the two, which
 * dies of it alone (dash does): the server would go on without anybody who knows of it, and keep its folder and port.
 */
export function whenNpmEnds(stop: () => void): void {
  if (process.env.npm_lifecycle_event !== 'start') return;
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    stop();
  }, lookMillis).unref();
}
