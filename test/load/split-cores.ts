import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Lists of cores as taskset takes them. */
export interface Cores {
  readonly server: string;
  readonly artillery: string;
}

/** The first core for the server, all others for artillery; undefined where there is no taskset, or one core. */
export function splitCores(): Cores | undefined {
  const last = availableParallelism() - 1;
  const cores = { server: '0', artillery: last > 1 ? `1-${last}` : '1' };
  return last > 0 && Object.values(cores).every(canPin) ? cores : undefined;
}

function canPin(list: string): boolean {
  return spawnSync('taskset', ['-c', list, 'true']).status === 0;
}
