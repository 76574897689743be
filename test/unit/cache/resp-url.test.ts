import { expect, test } from 'vitest';
import { parseRespUrl } from '../../../shared/cache/resp-url.ts';

test('one server is passed on as it stands', () => {
  for (const url of ['redis://127.0.0.1:6379', 'rediss://user:secret@cache.example:6380']) {
    expect(parseRespUrl(url)).toEqual({ kind: 'single', url });
  }
});

test('a cluster is a list of nodes, with or without TLS', () => {
  const nodes = [
    { host: 'one', port: 7000 },
    { host: '::1', port: 7001 },
    { host: 'three', port: 6379 },
  ];
  expect(parseRespUrl('redis-cluster://one:7000,[::1]:7001,three')).toEqual({
    kind: 'cluster',
    nodes,
    tls: false,
    login: {},
  });
  expect(parseRespUrl('rediss-cluster://cache.example:6379')).toMatchObject({ kind: 'cluster', tls: true });
});

test('a cluster has its user and password before the first host', () => {
  expect(parseRespUrl('rediss-cluster://app:p%40ss@one:7000,two:7000')).toMatchObject({
    nodes: [
      { host: 'one', port: 7000 },
      { host: 'two', port: 7000 },
    ],
    login: { username: 'app', password: 'p@ss' },
  });
});

test('anything else is refused without saying what was given', () => {
  for (const url of [
    '',
    'http://one:7000',
    'redis://',
    'redis://one:1,two:2',
    'redis-cluster://',
    'redis-cluster://:secret@,',
  ]) {
    expect(() => parseRespUrl(url)).toThrow(/^The URL of the cache must be redis\[s\]:/);
  }
});
