import { NetworkError, UserError } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { createOutageReport } from '../../../functions/local/kafka/outage-report.ts';
import type { LogLine } from '../../../shared/platform/logger.ts';

const away = new NetworkError('Connection to kafka:9092 failed.');
const unknown = new UserError('Unknown topic clicks.');

function startReport() {
  const lines: string[] = [];
  const keep: LogLine = (members: unknown, message?: string) => lines.push(message ?? String(members));
  const logger = { debug: keep, info: keep, warn: keep, error: keep };
  return { lines, report: createOutageReport(logger, 'kafka:9092') };
}

test('a broker that is away is one line for all topics, and one when all are read again', () => {
  const { lines, report } = startReport();
  for (const topic of ['clicks', 'rows', 'clicks', 'rows']) report.failed(topic, away);
  report.readAgain('rows');
  report.readAgain('clicks');
  expect(lines).toEqual([
    'no Kafka answers at kafka:9092: it goes on trying, and nothing is lost',
    'Kafka answers again at kafka:9092',
  ]);
});

test('a topic that cannot be read is a line of its own, once', () => {
  const { lines, report } = startReport();
  for (let times = 0; times < 3; times++) report.failed('clicks', unknown);
  report.readAgain('clicks');
  expect(lines).toEqual([
    'topic clicks cannot be read: it goes on trying, and nothing is lost',
    'topic clicks is read again',
  ]);
});

test('what becomes another trouble is said anew', () => {
  const { lines, report } = startReport();
  for (const error of [away, away, unknown, unknown]) report.failed('clicks', error);
  expect(lines).toHaveLength(2);
});
