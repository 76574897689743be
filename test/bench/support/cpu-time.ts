import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds of processor time that processes have used so far. Of Linux alone: elsewhere NaN. */
export interface CpuTime {
  readonly node: number;
  readonly postgres: number;
  readonly redis: number;
}

/** Ticks of /proc: 100 a second on every Linux that Node runs on. */
const microsPerTick = 10_000;

/** What this process, a Postgres server with all its backends, and a Redis server have used. By a backend's pid and Redis's. */
export function createCpuClock(backendPid: number, redisPid: number): () => CpuTime {
  const postmaster = statOf(backendPid)?.parent ?? 0;
  return () => {
    const { user, system } = process.cpuUsage();
    return { node: user + system, postgres: ofServer(postmaster), redis: statOf(redisPid)?.micros ?? Number.NaN };
  };
}

/** Backends that ended are in the postmaster's account of its children. */
function ofServer(postmaster: number): number {
  const own = statOf(postmaster);
  if (own === undefined) return Number.NaN;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? [])
    .filter(({ parent }) => parent === postmaster);
  return children.reduce((sum, { micros }) => sum + micros, own.micros + own.endedMicros);
}

interface Stat {
  readonly parent: number;
  readonly micros: number;
  readonly endedMicros: number;
}

function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // After the name in brackets, which may hold anything: state, parent, …
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const ticks = (place: number): number => (fields[place] ?? 0) * microsPerTick;
  return { parent, micros: ticks(11) + ticks(12), endedMicros: ticks(13) + ticks(14) };
}
