import { type LoadOptions, runLoad } from './load.ts';

const turnSeconds = 3;
const mostTurns = 20;
/** Turns in a row that are no faster than what was before them. */
const steadyTurns = 3;

/**
 * Loads a server until it gets no faster: V8 optimizes what is hot beside the load, and where both cores are busy with that, a
 * request of ours takes half as long after 12 s as after 3.
 */
export async function warmUp(load: Omit<LoadOptions, 'seconds'>): Promise<void> {
  let best = 0;
  let steady = 0;
  for (let turn = 0; turn < mostTurns && steady < steadyTurns; turn++) {
    const { rps } = await runLoad({ ...load, seconds: turnSeconds });
    steady = rps > best * 1.03 ? 0 : steady + 1;
    best = Math.max(best, rps);
  }
}
