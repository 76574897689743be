import { expect, test } from 'vitest';
import { formatMicros } from '../../../shared/contract/time.ts';
import { describeEachCache, hour, start } from './semantics-setup.ts';

/** Section 1: whose row it is, and what shape an answer has. */
describeEachCache('Entities and spines', (world) => {
  test('the row of an entity is never borrowed from another', async () => {
    const { view, write, online, asOf } = world();
    const name = await view(['a']);
    await write(name, [
      ['u1', start - hour, { a: 1 }],
      ['u3', start - hour, { a: 3 }],
    ]);
    for (const entityId of ['u2', 'u', 'u11', 'u1 ', 'U1', 'u1:', '%', 'u_']) {
      expect(await online(entityId, `${name}:a`), entityId).toEqual(['NOT_FOUND', null]);
      expect(await asOf(entityId, `${name}:a`, start), entityId).toEqual(['NOT_FOUND', null]);
    }
  });

  test('keys never collide by concatenation, of entities, views, entity types and tenants', async () => {
    const { view, write, store } = world();
    const users = await view(['a']);
    const merchants = await view(['a'], { entity_type: 'merchant' });
    const ids = ['x', 'x:y', 'x}y', '{x}', 'merchant:x', `${users}_v1`, `x:${users}_v1`, 'x,y', '["x"]', "x'", 'x\ny'];
    for (const [offset, name] of [users, merchants].entries()) {
      await write(
        name,
        ids.map((id, index) => [id, start - hour, { a: 100 * offset + index }]),
      );
    }
    const other = await store.createTenant();
    const definition = {
      name: users,
      entity_type: 'user',
      features: [{ name: 'a', dtype: 'int64' }],
      retention_days: 0,
    };
    await store.post('/api/v1/feature-views', definition, { key: other.key });
    for (const reading of ['cached', 'again']) {
      for (const [offset, name] of [users, merchants].entries()) {
        const asked = { entity_ids: ids, feature_names: [`${name}:a`] };
        const { json } = await store.post('/api/v1/features/online', asked);
        expect(
          json.rows.map((row: { values: unknown[] }) => row.values[0]),
          reading,
        ).toEqual(ids.map((_, index) => 100 * offset + index));
        const { json: batch } = await store.post('/api/v1/features/batch', {
          ...asked,
          timestamp: formatMicros(start),
        });
        expect(batch.rows.map((row: { features: Record<string, unknown> }) => row.features[`${name}:a`])).toEqual(
          ids.map((_, index) => 100 * offset + index),
        );
      }
      const theirs = await store.post(
        '/api/v1/features/online',
        { entity_ids: ids, feature_names: [`${users}:a`] },
        { key: other.key },
      );
      expect(theirs.json.rows.every((row: { statuses: string[] }) => row.statuses[0] === 'NOT_FOUND')).toBe(true);
    }
  });

  test('a spine row whose only candidates are in the future or out of TTL is kept, with nulls', async () => {
    const { view, write, store } = world();
    const name = await view(['a'], { ttl_hours: 1 });
    await write(name, [
      ['future', start, { a: 1 }],
      ['old', start - 3 * hour, { a: 2 }],
      ['good', start - 2 * hour, { a: 3 }],
    ]);
    const feature = `${name}:a`;
    const { json } = await store.post('/api/v1/features/batch', {
      entity_ids: ['future', 'old', 'good', 'nobody'],
      feature_names: [feature],
      timestamp: formatMicros(start - hour),
    });
    const timestamp = formatMicros(start - hour);
    const row = (entity_id: string, status: string, value: unknown) => ({
      entity_id,
      timestamp,
      features: { [feature]: value },
      statuses: { [feature]: status },
    });
    expect(json.rows).toEqual([
      row('future', 'NOT_FOUND', null),
      row('old', 'OUTSIDE_MAX_AGE', null),
      row('good', 'PRESENT', 3),
      row('nobody', 'NOT_FOUND', null),
    ]);
  });

  test('two spine rows alike give two output rows', async () => {
    const { view, write, store } = world();
    const name = await view(['a']);
    await write(name, [['u', start - hour, { a: 1 }]]);
    const entity_rows = ['u', 'u', 'v', 'v', 'u'].map((entity_id) => ({ entity_id, timestamp: formatMicros(start) }));
    const batch = await store.post('/api/v1/features/batch', { entity_rows, feature_names: [`${name}:a`] });
    const values = [1, 1, null, null, 1];
    expect(batch.json.rows.map((row: { features: object }) => Object.values(row.features)[0])).toEqual(values);
    const online = await store.post('/api/v1/features/online', {
      entity_ids: ['u', 'u', 'v', 'v', 'u'],
      feature_names: [`${name}:a`],
    });
    expect(online.json.rows.map((row: { values: unknown[] }) => row.values[0])).toEqual(values);
  });

  test('output order is input order, and a row comes back as it was given', async () => {
    const { view, write, store } = world();
    const name = await view(['a']);
    const ids = ['z', 'a', 'm', '10', '9', 'B'];
    await write(
      name,
      ids.map((id, index) => [id, start - 1000 * (index + 1), { a: index }]),
    );
    const entity_rows = ids.flatMap((entity_id, index) => [
      { entity_id, timestamp: (start - 1000 * (index + 1)) / 1000, label: index, nested: { k: [null] } },
      { entity_id, timestamp: formatMicros(start - 1000 * (index + 1) - 1), label: 'before' },
    ]);
    const { json } = await store.post('/api/v1/features/batch', { entity_rows, feature_names: [`${name}:a`] });
    expect(json.rows).toEqual(
      entity_rows.map((row) => ({
        ...row,
        features: { [`${name}:a`]: row.label === 'before' ? null : row.label },
        statuses: { [`${name}:a`]: row.label === 'before' ? 'NOT_FOUND' : 'PRESENT' },
      })),
    );
    const online = await store.post('/api/v1/features/online', { entity_ids: ids, feature_names: [`${name}:a`] });
    expect(online.json.rows.map((row: { entity_id: string }) => row.entity_id)).toEqual(ids);
    expect(online.json.rows.map((row: { values: unknown[] }) => row.values[0])).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('a view with several timestamps per entity in one request answers each on its own', async () => {
    const { view, write, store } = world();
    const [first, second] = [await view(['a']), await view(['a'])];
    for (const name of [first, second]) {
      const factor = name === first ? 1 : 10;
      await write(
        name,
        [3, 1, 2].map((n) => ['u', start - hour + n, { a: n * factor }]),
      );
    }
    const entity_rows = [2, 0, 3, 1, 9, 2].map((n) => ({ entity_id: 'u', timestamp: formatMicros(start - hour + n) }));
    const feature_names = [`${first}:a`, `${second}:a`];
    const { json } = await store.post('/api/v1/features/batch', { entity_rows, feature_names });
    expect(json.rows.map((row: { features: object }) => Object.values(row.features))).toEqual(
      [2, null, 3, 1, 3, 2].map((n) => [n, n === null ? null : n * 10]),
    );
  });

  test('a feature name asked twice stands twice in lists and once in objects', async () => {
    const { view, write, store } = world();
    const name = await view(['a', 'b']);
    await write(name, [['u', start - hour, { a: 1, b: 2 }]]);
    const feature_names = [`${name}:a`, `${name}:b`, `${name}:a`, `${name}@1:a`];
    const features = { [`${name}:a`]: 1, [`${name}:b`]: 2, [`${name}@1:a`]: 1 };
    const one = await store.post('/api/v1/features/online', { entity_id: 'u', feature_names });
    expect(one.json.features).toEqual(features);
    expect(Object.keys(one.json.metadata)).toEqual(Object.keys(features));
    const once = (text: string) => text.split(`"${name}:a":`).length - 1;
    expect(once(one.text)).toBe(2);
    const many = await store.post('/api/v1/features/online', { entity_ids: ['u'], feature_names });
    expect(many.json.feature_names).toEqual(feature_names);
    expect(many.json.rows[0].values).toEqual([1, 2, 1, 1]);
    expect(many.json.rows[0].statuses).toHaveLength(4);
    const batch = await store.post('/api/v1/features/batch', {
      entity_ids: ['u'],
      feature_names,
      timestamp: formatMicros(start),
    });
    expect(batch.json.feature_names).toEqual(feature_names);
    expect(batch.json.rows[0].features).toEqual(features);
    expect(once(batch.text)).toBe(2);
  });

  test('features of several entity types are answered for the entity of each', async () => {
    const { view, write, store } = world();
    const users = await view(['a']);
    const merchants = await view(['a'], { entity_type: 'merchant' });
    await write(users, [['x', start - hour, { a: 1 }]]);
    await write(merchants, [['y', start - hour, { a: 2 }]]);
    const feature_names = [`${merchants}:a`, `${users}:a`];
    const given = [
      { user: 'x', merchant: 'y' },
      { user: 'y', merchant: 'x' },
    ];
    const online = await store.post('/api/v1/features/online', { entity_rows: given, feature_names });
    expect(online.json.rows.map((row: { values: unknown[] }) => row.values)).toEqual([
      [2, 1],
      [null, null],
    ]);
    const entity_rows = given.map((row) => ({ ...row, timestamp: formatMicros(start) }));
    const batch = await store.post('/api/v1/features/batch', { entity_rows, feature_names });
    expect(batch.json.rows.map((row: { features: object }) => Object.values(row.features))).toEqual([
      [2, 1],
      [null, null],
    ]);
  });
});
