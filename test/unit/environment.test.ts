import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { EnvironmentError, environmentNames, readEnvironment } from '../../shared/platform/environment.ts';

const example = new Map(
  readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line))
    .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);

describe('the environment', () => {
  test('.env.example lists every setting of a laptop, and no other', () => {
    const onAwsAlone = environmentNames.filter((name) => name.endsWith('_ARN'));
    expect([...example.keys(), ...onAwsAlone].sort()).toEqual([...environmentNames].sort());
  });

  test('.env.example gives the defaults', () => {
    expect(readEnvironment(Object.fromEntries(example))).toEqual(readEnvironment({}));
  });

  test('an empty value counts as none', () => {
    expect(readEnvironment({ PORT: '', REDIS_URL: '' })).toEqual(readEnvironment({}));
  });

  test('each mistake is one sentence that names the setting', () => {
    const wrong = {
      PORT: 'abc',
      LOG_LEVEL: 'loud',
      POSTGRES_URL: 'mysql://x',
      CACHE_TTL_SECONDS: '-1',
      UPSTASH_REDIS_REST_URL: 'https://a.b',
    };
    const mistakes = mistakesOf(wrong);
    const named = ['POSTGRES_URL', 'CACHE_TTL_SECONDS', 'LOG_LEVEL', 'PORT', 'UPSTASH_REDIS_REST_TOKEN'];
    expect(mistakes).toHaveLength(named.length);
    for (const name of named) expect(mistakes.filter((mistake) => mistake.startsWith(`${name} `))).toHaveLength(1);
    for (const mistake of mistakes) expect(mistake).toMatch(/^[^.\n]*.*\.$/);
  });

  test('two caches are refused', () => {
    const upstash = { UPSTASH_REDIS_REST_URL: 'https://a.b', UPSTASH_REDIS_REST_TOKEN: 'a token' };
    expect(mistakesOf(upstash)).toEqual([]);
    expect(mistakesOf({ ...upstash, REDIS_URL: 'redis://a:6379' })).toEqual([
      'REDIS_URL and UPSTASH_REDIS_REST_URL name two caches, of which there is one.',
    ]);
  });

  test('an address that is none is refused, a list of the nodes of a cluster is not', () => {
    expect(mistakesOf({ POSTGRES_URL: 'postgres://' })).toHaveLength(1);
    expect(mistakesOf({ REDIS_URL: 'redis-cluster://a:6379,b:x' })).toHaveLength(1);
    expect(mistakesOf({ REDIS_URL: 'redis-cluster://a:6379,b:6380' })).toEqual([]);
    expect(mistakesOf({ POSTGRES_URL: 'postgres://user:p%40ss@localhost:5432/features' })).toEqual([]);
  });

  test('a secret that is too short is refused without being shown', () => {
    const [mistake] = mistakesOf({ API_KEY_SECRET: 'hunter2' });
    expect(mistake).toContain('API_KEY_SECRET');
    expect(mistake).not.toContain('hunter2');
  });
});

function mistakesOf(given: Record<string, string>): readonly string[] {
  try {
    readEnvironment(given);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.mistakes;
    throw error;
  }
  return [];
}
