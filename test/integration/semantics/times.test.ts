import { expect, test } from 'vitest';
import { describeEachCache, hour, recordedRows, second, start } from './semantics-setup.ts';

/** Section 2. */
describeEachCache('Times', (world) => {
  /** The event times stored of rows that were sent with these, one entity each, in microseconds. */
  async function storedAs(sent: readonly unknown[]): Promise<(number | undefined)[]> {
    const { view, store } = world();
    const name = await view(['a']);
    const rows = sent.map((event_time, index) => ({ entity_id: `${index}`, event_time, values: { a: index } }));
    const answer = await store.post('/api/v1/features/ingest', { view: name, rows });
    expect(answer.json).toEqual({ accepted: sent.length, rejected: [] });
    const stored = await recordedRows(world(), name);
    return sent.map((_, index) => stored.find((row) => row.entityId === `${index}`)?.eventMicros);
  }

  async function refusedAs(sent: readonly unknown[]): Promise<unknown[]> {
    const { view, store } = world();
    const name = await view(['a']);
    const rows = sent.map((event_time, index) => ({ entity_id: `${index}`, event_time, values: { a: index } }));
    const answer = await store.post('/api/v1/features/ingest', { view: name, rows });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.json).toMatchObject({ code: 'no_row_accepted', accepted: 0 });
    expect(await recordedRows(world(), name)).toEqual([]);
    return answer.json.rejected.map(({ index, code }: { index: number; code: string }) => [index, code]);
  }

  test('accepted: RFC 3339 with zone; without a zone it is UTC; a date alone is midnight UTC; epoch milliseconds as a number', async () => {
    const noon = Date.UTC(2026, 0, 31, 12) * 1000;
    expect(
      await storedAs([
        '2026-01-31T12:00:00Z',
        '2026-01-31t12:00:00z',
        '2026-01-31T14:30:00+02:30',
        '2026-01-31T04:00:00.0-08:00',
        '2026-02-01T00:00:00+12:00',
        '2026-01-31T12:00:00-00:00',
        '2026-01-31T12:00:00',
        '2026-01-31 12:00:00.000',
        '2026-01-31',
        Date.UTC(2026, 0, 31, 12),
        0,
        '1970-01-01T00:00:00Z',
        '2024-02-29T23:59:59.999999Z',
      ]),
    ).toEqual([
      ...new Array(8).fill(noon),
      Date.UTC(2026, 0, 31) * 1000,
      noon,
      0,
      0,
      Date.UTC(2024, 1, 29, 23, 59, 59, 999) * 1000 + 999,
    ]);
  });

  test('refused is what is no time at all: invalid_event_time, with the index of its row', async () => {
    const invalid = [
      null,
      undefined,
      true,
      {},
      [],
      '',
      'yesterday',
      '1769860800000',
      '2026-1-31',
      '2026-02-30',
      '2026-02-29T00:00:00Z',
      '2026-13-01',
      '2026-01-31T24:00:00Z',
      '2026-01-31T12:60:00Z',
      '2026-01-31T12:00:00+24:00',
      '2026-01-31T12:00:00.Z',
      '2026-01-31T12:00:00,5Z',
      ' 2026-01-31',
      '2026-01-31T12:00:00Z ',
      '20260131T120000Z',
      '2026-W05-6',
      '+002026-01-31T12:00:00Z',
      '２０２６-01-31',
    ];
    expect(await refusedAs(invalid)).toEqual(invalid.map((_, index) => [index, 'invalid_event_time']));
  });

  test('stored to the microsecond; a time that came in with finer digits is truncated once, at the edge', async () => {
    const base = Date.UTC(2026, 0, 31, 12) * 1000;
    expect(
      await storedAs([
        '2026-01-31T12:00:00.123456Z',
        '2026-01-31T12:00:00.1234569999Z',
        '2026-01-31T12:00:00.999999999999999999Z',
        '2026-01-31T12:00:00.0000009Z',
        '2026-01-31T12:00:00.1Z',
        base / 1000 + 0.5,
        base / 1000 + 0.001,
        base / 1000 + 0.999,
        base / 1000 + 0.4567,
      ]),
    ).toEqual([123_456, 123_456, 999_999, 0, 100_000, 500, 1, 999, 456].map((micros) => base + micros));
  });

  test('what is compared is what is stored: two times alike but for finer digits are one, in rows and in reads', async () => {
    const { view, write, online, asOf, store } = world();
    const name = await view(['a']);
    await write(name, [
      ['u', '2026-01-31T12:00:00.123456789Z', { a: 1 }],
      ['u', '2026-01-31T12:00:00.123456111Z', { a: 2 }],
    ]);
    expect(await recordedRows(world(), name)).toHaveLength(1);
    expect(await online('u', `${name}:a`)).toEqual(['PRESENT', 2]);
    const micros = Date.UTC(2026, 0, 31, 12) * 1000 + 123_456;
    expect(await asOf('u', `${name}:a`, micros)).toEqual(['PRESENT', 2]);
    const timestamps = [
      '2026-01-31T12:00:00.123456Z',
      '2026-01-31T12:00:00.1234560001Z',
      '2026-01-31T12:00:00.123455999Z',
      '2026-01-31T14:00:00.123456+02:00',
      micros / 1000,
      '2026-01-31T12:00:00',
      '2026-02-01',
    ];
    const { json } = await store.post('/api/v1/features/batch', {
      entity_rows: timestamps.map((timestamp) => ({ entity_id: 'u', timestamp })),
      feature_names: [`${name}:a`],
    });
    expect(json.rows.map((row: { features: object }) => Object.values(row.features)[0])).toEqual([
      2,
      2,
      null,
      2,
      2,
      null,
      2,
    ]);
  });

  test('the online answer writes the event time in UTC with Z and three digits, six where there are microseconds', async () => {
    const { view, write, store } = world();
    const name = await view(['a']);
    await write(name, [
      ['three', '2026-01-31T13:00:00.12+01:00', { a: 1 }],
      ['six', '2026-01-31T12:00:00.0001Z', { a: 1 }],
    ]);
    for (const [entity_id, event_time] of [
      ['three', '2026-01-31T12:00:00.120Z'],
      ['six', '2026-01-31T12:00:00.000100Z'],
    ]) {
      const { json } = await store.post('/api/v1/features/online', { entity_id, feature_names: [`${name}:a`] });
      expect(json.metadata[`${name}:a`].event_time).toBe(event_time);
    }
  });

  test('an event_time more than 60 s ahead of the clock is refused: event_time_in_future; 60 s ahead is accepted', async () => {
    const { view, ingest, clock } = world();
    const name = await view(['a']);
    const ahead = start + 60 * second;
    clock.arriveAt(start);
    const answer = await ingest(name, [
      ['u', ahead, { a: 1 }],
      ['u', ahead + 1, { a: 2 }],
      ['u', '2254-12-31T23:59:59.999999Z', { a: 3 }],
    ]);
    expect(answer.json).toMatchObject({
      accepted: 1,
      rejected: [
        { index: 1, code: 'event_time_in_future' },
        { index: 2, code: 'event_time_in_future' },
      ],
    });
    expect((await recordedRows(world(), name)).map(({ eventMicros }) => eventMicros)).toEqual([ahead]);
  });

  test('before 1970 or from 2255 on is refused: event_time_out_of_range', async () => {
    const outside = [
      '1969-12-31T23:59:59.999999Z',
      -1,
      -0.001,
      '1970-01-01T00:00:00+00:01',
      '0001-01-01',
      '2255-01-01T00:00:00Z',
      '2254-12-31T23:59:59-00:01',
      '9999-12-31T23:59:59.999999Z',
      Date.UTC(2255, 0, 1),
      // Epoch microseconds, sent by mistake.
      start,
      1e300,
    ];
    expect(await refusedAs(outside)).toEqual(outside.map((_, index) => [index, 'event_time_out_of_range']));
  });

  test('a timestamp or known_at of a read that is no time is refused: invalid_time', async () => {
    const { view, store } = world();
    const feature_names = [`${await view(['a'])}:a`];
    for (const bad of ['yesterday', '2026-02-30', true, null]) {
      const asked = [
        { entity_ids: ['u'], feature_names, timestamp: bad },
        { entity_rows: [{ entity_id: 'u', timestamp: bad }], feature_names },
        { entity_ids: ['u'], feature_names, timestamp: 0, known_at: bad },
      ];
      for (const body of asked) {
        const answer = await store.post('/api/v1/features/batch', body);
        expect(answer.status, answer.text).toBe(400);
        expect(answer.json.code).toMatch(typeof bad === 'string' ? /^invalid_time$/ : /^invalid_(time|request)$/);
      }
    }
  });

  test('a read as of any time of the years 0001 to 9999 is answered', async () => {
    const { view, write, store } = world();
    const name = await view(['a']);
    await write(name, [['u', start - hour, { a: 1 }]]);
    const timestamps = ['0001-01-01', '1969-12-31', '2255-01-01', '9999-12-31T23:59:59.999999Z'];
    const { json } = await store.post('/api/v1/features/batch', {
      entity_rows: timestamps.map((timestamp) => ({ entity_id: 'u', timestamp })),
      feature_names: [`${name}:a`],
    });
    expect(json.rows.map((row: { statuses: object }) => Object.values(row.statuses)[0])).toEqual([
      'NOT_FOUND',
      'NOT_FOUND',
      'PRESENT',
      'PRESENT',
    ]);
  });
});
