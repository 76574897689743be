import { prices } from './prices.ts';

/** What drives the bill. Rates are averages over the month. */
export interface Workload {
  readonly readsPerSecond: number;
  /** Of a read, and of a row. */
  readonly features: number;
  /** Entities whose newest row is kept, each in one view. */
  readonly rows: number;
  /** Rows that come over HTTPS, 100 a call. */
  readonly writesPerSecond: number;
  /** Events of streams. */
  readonly eventsPerSecond: number;
  /** Share of entities' reads that the cache answers. */
  readonly hitRate: number;
  /** Processes of online that are kept started. */
  readonly provisioned: number;
  /** Capacity units that Aurora never goes below. */
  readonly minCapacity: number;
  /** Days that rows and events are kept. */
  readonly retentionDays: number;
  /** Whether others keep Postgres and Redis, whose bills are not in it. */
  readonly external: boolean;
}

export interface CostLine {
  readonly service: string;
  /** USD a month of 730 hours. */
  readonly usd: number;
  readonly because: string;
}

const hours = 730;
const seconds = hours * 3600;
const gigabyte = 1e9;

/** What the model takes for granted; each is printed with the answer. */
export const assumptions = {
  memoryGb: 1769 / 1024,
  readMillis: 6,
  rowsOfCall: 100,
  writeMillis: 25,
  /** On one process; from the project's own bench of the stream path, halved. */
  eventsPerProcessSecond: 5000,
  bytesOfFeature: 10,
  bytesOfRow: 60,
  bytesOfEvent: 200,
  /** The lines of the gateway and the function, and that of the metrics. */
  logBytesOfCall: 1400,
  /** Rows and events, and misses, that one capacity unit of Aurora takes a second. */
  writesPerUnit: 3000,
  missesPerUnit: 8000,
  /** X-Ray takes one a second and 5 % of the rest. */
  tracedShare: 0.05,
} as const;

/** Monthly cost by service, dearest first. */
export function estimateCost(workload: Workload): CostLine[] {
  const lines = [...callLines(workload), ...storeLines(workload), ...streamLines(workload), ...watchLines(workload)];
  return lines.filter(({ usd }) => usd >= 0.005).sort((one, other) => other.usd - one.usd);
}

export function totalOf(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0);
}

export interface Knob {
  readonly name: string;
  /** USD a month that are saved where it is set as it says. */
  readonly saves: number;
}

/** What one change of each setting would save, most first. */
export function compareKnobs(workload: Workload): Knob[] {
  const total = totalOf(estimateCost(workload));
  const savedBy = (name: string, change: Partial<Workload>): Knob => ({
    name,
    saves: total - totalOf(estimateCost({ ...workload, ...change })),
  });
  return [
    savedBy('ask for twice as many entities in half as many reads', { readsPerSecond: workload.readsPerSecond / 2 }),
    savedBy('halve provisionedConcurrency', { provisioned: Math.floor(workload.provisioned / 2) }),
    savedBy('halve database.minCapacity', { minCapacity: workload.minCapacity / 2 }),
    savedBy('halve retention_days', { retentionDays: workload.retentionDays / 2 }),
    savedBy('halve the misses of the cache (CACHE_TTL_SECONDS)', { hitRate: (1 + workload.hitRate) / 2 }),
    savedBy('send half the events', { eventsPerSecond: workload.eventsPerSecond / 2 }),
    savedBy('profile external (the bills of its stores come from others)', { external: true }),
  ].sort((one, other) => other.saves - one.saves);
}

function callsPerSecond({ readsPerSecond, writesPerSecond }: Workload): number {
  return readsPerSecond + writesPerSecond / assumptions.rowsOfCall;
}

function callLines(workload: Workload): CostLine[] {
  const { memoryGb, readMillis, writeMillis, rowsOfCall } = assumptions;
  const { readsPerSecond, writesPerSecond, provisioned } = workload;
  const millionCalls = (callsPerSecond(workload) * seconds) / 1e6;
  const busyReads = (readsPerSecond * readMillis) / 1000;
  const busyKept = Math.min(busyReads, provisioned);
  const busyOther = busyReads - busyKept + ((writesPerSecond / rowsOfCall) * writeMillis) / 1000;
  const gbSeconds = memoryGb * seconds;
  return [
    {
      service: 'API Gateway',
      usd: millionCalls * prices.gatewayMillionCalls,
      because: `${round(millionCalls)} million calls`,
    },
    {
      service: 'Lambda of the API',
      usd:
        millionCalls * prices.lambdaMillionCalls +
        gbSeconds * (busyOther * prices.lambdaGbSecond + busyKept * prices.lambdaProvisionedBusyGbSecond),
      because: `${round(busyReads)} processes busy on average, ${readMillis} ms a read`,
    },
    {
      service: 'Lambda, kept started',
      usd: gbSeconds * provisioned * prices.lambdaProvisionedGbSecond,
      because: `${provisioned} processes`,
    },
  ];
}

function storeLines(workload: Workload): CostLine[] {
  if (workload.external) return [];
  const { bytesOfFeature, bytesOfRow, bytesOfEvent, writesPerUnit, missesPerUnit } = assumptions;
  const { readsPerSecond, writesPerSecond, eventsPerSecond, hitRate, features, rows, retentionDays } = workload;
  const rowBytes = bytesOfRow + features * bytesOfFeature;
  const writes = writesPerSecond + eventsPerSecond;
  const needed = writes / writesPerUnit + (readsPerSecond * (1 - hitRate)) / missesPerUnit;
  const units = Math.max(workload.minCapacity, needed);
  const history = retentionDays * 86_400 * (writesPerSecond * rowBytes + eventsPerSecond * bytesOfEvent);
  // With its index; the newest row is kept twice more.
  const storedGb = (2 * history + 3 * rows * rowBytes) / gigabyte;
  const cacheGb = Math.max(0.1, (rows * (rowBytes + 100)) / gigabyte);
  // A unit for each KB begun; a write runs the script.
  const cacheUnits = (readsPerSecond + writes) * Math.max(1, Math.ceil(rowBytes / 1024)) + 2 * writes;
  return [
    {
      service: 'Aurora',
      usd: units * hours * prices.auroraUnitHour,
      because: `${round(units)} capacity units on average`,
    },
    {
      service: 'Aurora, storage and requests',
      usd:
        storedGb * prices.auroraGbMonth +
        ((0.1 * writes + 0.5 * readsPerSecond * (1 - hitRate)) * seconds * prices.auroraMillionRequests) / 1e6,
      because: `${round(storedGb)} GB of ${retentionDays} days`,
    },
    {
      service: 'RDS Proxy',
      usd: Math.max(8, units) * hours * prices.proxyUnitHour,
      because: '8 capacity units at least',
    },
    {
      service: 'ElastiCache',
      usd: cacheGb * hours * prices.cacheGbHour + (cacheUnits * seconds * prices.cacheMillionUnits) / 1e6,
      because: `${round(cacheGb)} GB, ${round(cacheUnits)} units a second`,
    },
    { service: 'Interface endpoints', usd: 4 * hours * prices.endpointHour, because: 'two services in two zones' },
  ];
}

function streamLines({ eventsPerSecond }: Workload): CostLine[] {
  const { bytesOfEvent, eventsPerProcessSecond, memoryGb } = assumptions;
  const gb = (eventsPerSecond * bytesOfEvent * seconds) / gigabyte;
  const keptGb = (gb / 30) * 6;
  return [
    {
      service: 'Kinesis',
      usd:
        hours * prices.kinesisStreamHour +
        gb * (prices.kinesisGbIn + prices.kinesisGbOut) +
        keptGb * prices.kinesisGbMonth,
      because: `${round(gb)} GB of events, kept for 7 days`,
    },
    {
      service: 'Lambda of streams and jobs',
      // The jobs: a run each minute of two, and one of five, of a second each.
      usd: memoryGb * prices.lambdaGbSecond * seconds * (eventsPerSecond / eventsPerProcessSecond + 0.04),
      because: `${round(eventsPerSecond / eventsPerProcessSecond)} processes busy on average`,
    },
  ];
}

function watchLines(workload: Workload): CostLine[] {
  const { logBytesOfCall, tracedShare } = assumptions;
  const calls = callsPerSecond(workload);
  const logGb = (calls * logBytesOfCall * seconds) / gigabyte;
  return [
    {
      service: 'CloudWatch Logs',
      usd: logGb * prices.logsGb,
      because: `${round(logGb)} GB: a line each of gateway, log and metrics a call`,
    },
    {
      service: 'CloudWatch metrics and alarms',
      usd: 90 * prices.metricMonth + 50 * prices.alarmMonth + prices.dashboardMonth,
      because: 'some 90 metrics, 50 alarms, 4 dashboards',
    },
    {
      service: 'X-Ray',
      usd: ((Math.min(1, calls) + tracedShare * calls) * seconds * prices.millionTraces) / 1e6,
      because: 'one trace a second and 5 % of the rest',
    },
    {
      service: 'DynamoDB',
      // Keys are read again each 30 s by each process; snapshots when they change.
      usd:
        (calls * 0.01 * seconds * prices.dynamoMillionReads) / 1e6 +
        (0.001 * seconds * prices.dynamoMillionWrites) / 1e6,
      because: 'keys and registries are in memory',
    },
    { service: 'Secrets Manager', usd: 7 * prices.secretMonth, because: '7 secrets' },
  ];
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
