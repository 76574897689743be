import { describe, expect, test } from 'vitest';
import { FeatureStoreError } from '../../../shared/contract/errors.ts';
import {
  type AnswerLimit,
  httpAnswerLimit,
  lambdaAnswerLimit,
  requireWithinLimit,
} from '../../../shared/platform/answer-limit.ts';

function isTaken(limit: AnswerLimit, text: string): boolean {
  try {
    requireWithinLimit(limit, text);
    return true;
  } catch (error) {
    if (error instanceof FeatureStoreError && error.code === 'payload_too_large') return false;
    throw error;
  }
}

describe('an answer', () => {
  test.each([
    ['x', 300],
    ['é', 150],
    ['€', 100],
    ['\u{1f4a5}', 75],
    ['"', 300],
  ])('of %j over HTTP is counted in bytes of UTF-8', (character, most) => {
    const limit = httpAnswerLimit(300);
    expect(isTaken(limit, character.repeat(most))).toBe(true);
    expect(isTaken(limit, character.repeat(most + 1))).toBe(false);
  });

  const mostInLambda = 6 * 1024 * 1024 - 16 * 1024;

  test.each([
    ['x', mostInLambda - 2],
    ['"', mostInLambda / 2 - 1],
    ['\\', mostInLambda / 2 - 1],
    ['é', mostInLambda / 2 - 1],
    ['€', Math.floor((mostInLambda - 2) / 3)],
  ])('of %j from Lambda is counted as the JSON string that it is there', (character, most) => {
    const limit = lambdaAnswerLimit(Number.MAX_SAFE_INTEGER);
    expect(isTaken(limit, character.repeat(most))).toBe(true);
    expect(isTaken(limit, character.repeat(most + 1))).toBe(false);
    const proxied = { statusCode: 200, body: character.repeat(most), isBase64Encoded: false, headers: {} };
    expect(Buffer.byteLength(JSON.stringify(proxied))).toBeLessThan(6 * 1024 * 1024);
  });

  test('from Lambda is as small as the setting says, and never larger than Lambda lets it be', () => {
    expect(lambdaAnswerLimit(1000).maxBytes).toBe(1000);
    expect(lambdaAnswerLimit(67_108_864).maxBytes).toBe(mostInLambda);
  });

  test('is counted exactly only where its length does not decide', () => {
    let counted = 0;
    const limit: AnswerLimit = {
      maxBytes: 302,
      bytesOf: (text) => {
        counted++;
        return text.length;
      },
    };
    expect(isTaken(limit, 'x'.repeat(100))).toBe(true);
    expect(isTaken(limit, 'x'.repeat(303))).toBe(false);
    expect(counted).toBe(0);
    expect(isTaken(limit, 'x'.repeat(101))).toBe(true);
    expect(counted).toBe(1);
  });
});
