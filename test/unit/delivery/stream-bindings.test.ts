import { describe, expect, test } from 'vitest';
import { EnvironmentError, readEnvironment } from '../../../shared/platform/environment.ts';

const read = (bindings: string) => readEnvironment({ STREAM_BINDINGS: bindings }).STREAM_BINDINGS;

function mistakeOf(bindings: string): string {
  try {
    read(bindings);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.mistakes.join(' ');
    throw error;
  }
  return '';
}

describe('STREAM_BINDINGS', () => {
  test('binds streams and topics to sources and views', () => {
    const given = [
      { stream: 'clicks', tenant: 'acme', source: 'clicks' },
      { topic: 'clicks', tenant: 'umbrella', view: 'profile@2' },
    ];
    expect(read(JSON.stringify(given))).toEqual([
      { transport: 'kinesis', stream: 'clicks', tenant: 'acme', target: { kind: 'source', name: 'clicks' } },
      { transport: 'kafka', stream: 'clicks', tenant: 'umbrella', target: { kind: 'view', name: 'profile@2' } },
    ]);
    expect(read('')).toEqual([]);
  });

  test.each([
    ['clicks', 'is no JSON'],
    ['{}', 'is a list of bindings'],
    ['[{"stream":"clicks","tenant":"acme"}]', 'entry 1: names a source or a view, one of them'],
    ['[{"stream":"clicks","tenant":"acme","source":"a","view":"b"}]', 'entry 1: names a source or a view, one of them'],
    ['[{"tenant":"acme","source":"a"}]', 'entry 1: names a topic or a stream, one of them'],
    ['[{"stream":"clicks","source":"a"}]', 'entry 1, tenant: '],
    ['[{"stream":"clicks","tenant":"ACME","source":"a"}]', 'entry 1, tenant: is the name of a tenant'],
    ['[{"stream":"clicks","tenant":"acme","source":"a b"}]', 'entry 1, source: is the name of a stream source'],
    ['[{"stream":"clicks","tenant":"acme","sauce":"a"}]', 'entry 1: '],
    [
      '[{"stream":"c","tenant":"acme","source":"a"},{"stream":"c","tenant":"umbrella","source":"a"}]',
      'entry 2: binds stream c a second time',
    ],
  ])('%s is a mistake that says: %s', (given, said) => {
    const mistake = mistakeOf(given);
    expect(mistake).toContain(said);
    expect(mistake).toMatch(/^STREAM_BINDINGS /);
  });
});
