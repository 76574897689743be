import { expect, test } from 'vitest';
import { describeEachCache, hour, start } from './semantics-setup.ts';

/** Section 3: entity ids. */
describeEachCache('An entity_id', (world) => {
  /** Writes each id with its place as the value, and expects every read to find each its own. */
  async function expectApart(ids: readonly string[]): Promise<void> {
    const { view, write, store } = world();
    const name = await view(['a']);
    await write(
      name,
      ids.map((id, index) => [id, start - hour, { a: index }]),
    );
    const feature_names = [`${name}:a`];
    const places = ids.map((_, index) => index);
    for (const _ of ['a miss', 'a hit']) {
      const { json } = await store.post('/api/v1/features/online', { entity_ids: ids, feature_names });
      expect(json.rows.map((row: { entity_id: string }) => row.entity_id)).toEqual(ids);
      expect(json.rows.map((row: { values: unknown[] }) => row.values[0])).toEqual(places);
    }
    const { json } = await store.post('/api/v1/features/batch', {
      entity_ids: ids,
      feature_names,
      timestamp: start / 1000,
    });
    expect(json.rows.map((row: { entity_id: string }) => row.entity_id)).toEqual(ids);
    expect(json.rows.map((row: { features: object }) => Object.values(row.features)[0])).toEqual(places);
  }

  const longest = 'i'.repeat(512);
  const longestInBytes = `${'é'.repeat(255)}ab`;

  test('is 1 to 512 bytes of text', async () => {
    await expectApart(['a', longest, longestInBytes, '🙂'.repeat(128), `${'i'.repeat(511)}j`]);
  });

  test.for([
    ['empty', ''],
    ['513 bytes', `${longest}i`],
    ['513 bytes in 257 characters', `${longestInBytes}c`],
    ['512 characters of two bytes', 'é'.repeat(512)],
    ['a NUL', 'a\0b'],
    ['a NUL after a wide character', 'é\0'],
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00a'],
    ['surrogates the wrong way round', '\udc00\ud800'],
    ['null', null],
    ['left out', undefined],
    ['true', true],
    ['an object', {}],
    ['a list', ['a']],
    ['a fraction', 1.5],
    ['an integer beyond 2^53 - 1', 2 ** 53],
    ['one below -(2^53 - 1)', -(2 ** 53)],
  ] as const)('is refused where it is %s: invalid_entity_id in a row, 400 in a read', async ([, given]) => {
    const { view, ingest, store } = world();
    const name = await view(['a']);
    const answer = await ingest(name, [
      ['good', start - hour, { a: 1 }],
      [given, start - hour, { a: 2 }],
    ]);
    expect(answer.json).toMatchObject({ accepted: 1, rejected: [{ index: 1, code: 'invalid_entity_id' }] });
    const feature_names = [`${name}:a`];
    for (const [path, body] of [
      ['online', { entity_ids: [given] }],
      ['online', { entity_rows: [{ user: given }] }],
      ['batch', { entity_ids: [given], timestamp: 0 }],
      ['batch', { entity_rows: [{ user: given, timestamp: 0 }] }],
    ] as const) {
      const read = await store.post(`/api/v1/features/${path}`, { ...body, feature_names });
      expect(read.status, read.text).toBe(400);
    }
  });

  test('5 and "5" are the same id, "05" is another; a safe integer is accepted and turned to its decimal text', async () => {
    const { view, write, online, asOf, store } = world();
    const name = await view(['a']);
    const big = 2 ** 53 - 1;
    await write(name, [
      [5, start - 2, { a: 1 }],
      ['5', start - 1, { a: 2 }],
      ['05', start - 1, { a: 3 }],
      [-big, start - 1, { a: 4 }],
      ['-0', start - 1, { a: 5 }],
      [-0, start - 1, { a: 6 }],
    ]);
    for (const [id, value] of [
      [5, 2],
      ['5', 2],
      ['05', 3],
      ['-9007199254740991', 4],
      ['-0', 5],
      ['0', 6],
      [0, 6],
    ] as const) {
      expect(await online(id, `${name}:a`)).toEqual(['PRESENT', value]);
      expect(await asOf(id, `${name}:a`, start)).toEqual(['PRESENT', value]);
    }
    expect(await online('5.0', `${name}:a`)).toEqual(['NOT_FOUND', null]);
    const feature_names = [`${name}:a`];
    const one = await store.post('/api/v1/features/online', { entity_id: 5, feature_names });
    expect(one.json.entity_id).toBe('5');
    const many = await store.post('/api/v1/features/online', { entity_rows: [{ user: 5 }], feature_names });
    expect(many.json.rows[0]).toMatchObject({ user: '5', values: [2] });
    const rows = [
      { entity_id: 5, timestamp: start / 1000 },
      { user: 5, timestamp: start / 1000 },
    ];
    const batch = await store.post('/api/v1/features/batch', { entity_rows: rows, feature_names });
    expect(batch.json.rows).toMatchObject([{ entity_id: '5' }, { user: '5' }]);
  });

  test('is compared byte for byte: no trimming, no case folding', async () => {
    await expectApart(['a', 'A', ' a', 'a ', '\ta', 'a\n', 'a\u00a0', '\ufeffa', 'ß', 'ss', 'SS', 'ı', 'i', 'İ', 'I']);
  });

  test('is compared byte for byte: Unicode normalisation is not applied', async () => {
    await expectApart([
      'é',
      'e\u0301',
      'ﬁ',
      'fi',
      '\u00c5',
      '\u212b',
      'A\u030a',
      '①',
      '1',
      '\u{1f469}\u200d\u{1f52c}',
      '\u{1f469}',
    ]);
  });

  test('keeps what means something to JSON, SQL, array literals and cache keys', async () => {
    await expectApart([
      'NULL',
      'null',
      '"',
      '\\',
      '{}',
      '{a,b}',
      "';--",
      '$1',
      '__proto__',
      'constructor',
      '%00',
      '\u0001',
    ]);
  });
});
