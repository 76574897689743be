import { setTimeout as delay } from 'node:timers/promises';

export interface PacedLoad {
  /** Asked in turn. */
  readonly urls: readonly string[];
  readonly path: string;
  readonly key: string;
  readonly body: unknown;
  readonly requestsPerSecond: number;
  readonly seconds: number;
}

export interface LoadFigures {
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly taken: number;
  readonly refused: number;
  /** Of other answers than 200 and 429 what they were. */
  readonly faults: readonly string[];
  readonly p50Millis: number;
  readonly p99Millis: number;
}

const tickMillis = 10;

/** Asks at a steady rate, whatever the answers take: so that who is refused does not ask more often than who is not. */
export async function runPacedLoad(load: PacedLoad): Promise<LoadFigures> {
  const millis: number[] = [];
  const faults: string[] = [];
  let [taken, refused] = [0, 0];

  async function ask(url: string): Promise<void> {
    const begun = performance.now();
    const response = await fetch(url + load.path, {
      method: 'POST',
      headers: { 'x-api-key': load.key, 'content-type': 'application/json' },
      body: JSON.stringify(load.body),
    });
    const text = await response.text();
    millis.push(performance.now() - begun);
    if (response.status === 200) taken++;
    else if (response.status === 429) refused++;
    else faults.push(`${response.status} ${text}`);
  }

  const startedAt = performance.now();
  const asked: Promise<void>[] = [];
  for (;;) {
    const elapsed = Math.min(load.seconds, (performance.now() - startedAt) / 1000);
    while (asked.length < elapsed * load.requestsPerSecond) {
      const url = load.urls[asked.length % load.urls.length];
      if (url !== undefined) asked.push(ask(url));
    }
    if (elapsed === load.seconds) break;
    await delay(tickMillis);
  }
  await Promise.all(asked);
  millis.sort((a, b) => a - b);
  const percentile = (share: number): number => millis[Math.floor(share * (millis.length - 1))] ?? 0;
  return {
    seconds: (performance.now() - startedAt) / 1000,
    ...{ taken, refused, faults },
    p50Millis: percentile(0.5),
    p99Millis: percentile(0.99),
  };
}
