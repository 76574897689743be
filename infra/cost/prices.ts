/**
 * List prices in USD of us-east-1, without free tiers and discounts, written down from memory of AWS's price pages as they were
 * in early 2025: check them before a decision hangs on one. Other regions are up to a third dearer.
 */
export const pricesAsOf = '2025-03';

export const prices = {
  /** HTTP API, a million calls up to 512 KB. */
  gatewayMillionCalls: 1.0,
  lambdaMillionCalls: 0.2,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  /** Kept started, whether busy or not; while busy, `lambdaProvisionedBusyGbSecond` besides. */
  lambdaProvisionedGbSecond: 0.0000033334,
  lambdaProvisionedBusyGbSecond: 0.0000077778,
  auroraUnitHour: 0.12,
  auroraGbMonth: 0.1,
  auroraMillionRequests: 0.2,
  /** Of Aurora Serverless, for 8 units at least. */
  proxyUnitHour: 0.015,
  cacheGbHour: 0.084,
  cacheMillionUnits: 0.0023,
  kinesisStreamHour: 0.04,
  kinesisGbIn: 0.08,
  kinesisGbOut: 0.04,
  /** Kept from the second to the seventh day. */
  kinesisGbMonth: 0.1,
  dynamoMillionReads: 0.125,
  dynamoMillionWrites: 0.625,
  logsGb: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  /** Of X-Ray. */
  millionTraces: 5,
  endpointHour: 0.01,
  secretMonth: 0.4,
} as const;
