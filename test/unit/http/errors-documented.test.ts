import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { errorCodes, rowErrorCodes } from '../../../shared/contract/errors.ts';
import { ingestLimits, registryLimits } from '../../../shared/contract/limits.ts';
import { onlineLimits } from '../../../shared/contract/online.ts';
import { batchLimits } from '../../../shared/contract/training.ts';
import { readEnvironment } from '../../../shared/platform/environment.ts';

const text = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const [, codes = '', rowCodes = ''] = text.split(/^## /m);

/** The cells of each line of a table that begins with a code. */
const linesOf = (section: string): string[][] =>
  section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe('docs/errors.md', () => {
  test('has every code with its status, in the order of the contract, and no other', () => {
    expect(linesOf(codes).map(([code, status]) => [code, Number(status)])).toEqual(
      Object.entries(errorCodes).map(([code, { status }]) => [`\`${code}\``, status]),
    );
  });

  test('has every code of a row, and no other', () => {
    expect(linesOf(rowCodes).map(([code]) => code)).toEqual(rowErrorCodes.map((code) => `\`${code}\``));
  });

  test('says of each when it is answered and what to do', () => {
    for (const [code, , when, whatToDo] of linesOf(codes)) {
      expect(when, code).toMatch(/^[A-Z].{10}/);
      expect(whatToDo, code).toMatch(/^[A-Z].{5}/);
    }
    for (const [code, when] of linesOf(rowCodes)) expect(when, code).toMatch(/^[A-Z].{10}/);
  });

  test('tells the limits as the contract has them', () => {
    const whenOf = (code: string): string => linesOf(codes).find(([name]) => name === `\`${code}\``)?.[2] ?? '';
    const written = (limit: number): string => limit.toLocaleString('en');
    expect(whenOf('too_many_entities')).toContain(written(onlineLimits.entities));
    expect(whenOf('too_many_values')).toContain(written(onlineLimits.values));
    expect(whenOf('too_many_values')).toContain(written(batchLimits.values));
    expect(whenOf('too_many_rows')).toContain(written(ingestLimits.rows));
    expect(whenOf('too_many_rows')).toContain(written(batchLimits.rows));
    const limits = [
      onlineLimits.features,
      batchLimits.features,
      registryLimits.featuresOfView,
      registryLimits.featuresOfService,
    ];
    expect(new Set(limits)).toEqual(new Set([500]));
    expect(whenOf('too_many_features')).toContain('500');
    expect(whenOf('payload_too_large')).toContain(`${ingestLimits.bytes / 1024 ** 2} MiB`);
    expect(whenOf('payload_too_large')).toContain(`${readEnvironment({}).ANSWER_MAX_BYTES / 1024 ** 2} MiB`);
    const tooLong = linesOf(rowCodes).find(([name]) => name === '`too_long`')?.[1];
    expect(tooLong).toContain(`${ingestLimits.rowBytes / 1024 ** 2} MiB`);
  });
});
