import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOnlineParser } from '../../../functions/online/parse-online.ts';
import { FeatureStoreError } from '../../../shared/contract/errors.ts';

const request = { entity_id: 'user_123', feature_names: ['user_age'] };

const member = fc.oneof(
  fc.constantFrom(undefined, null, '', 'user_123', 7, 1.5, true, [], ['user_age'], { user: 'user_123' }),
  fc.json({ maxDepth: 2 }).map((text): unknown => JSON.parse(text)),
  fc.array(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer())), { maxLength: 3 }),
);

/** Of its members, some that are none and some that are wrong. */
const given = fc.oneof(
  member,
  fc.record(
    {
      entity_id: member,
      entities: member,
      entity_ids: member,
      entity_rows: member,
      feature_names: fc.oneof(fc.constant(['user_age']), member),
      feature_service: member,
      include_metadata: fc.oneof(fc.boolean(), member),
      allow_partial: fc.oneof(fc.boolean(), member),
      unknown: member,
    },
    { requiredKeys: [] },
  ),
);

const outcomeOf = (parse: (given: unknown) => unknown, asked: unknown): unknown => {
  try {
    return parse(asked);
  } catch (error) {
    if (!(error instanceof FeatureStoreError)) throw error;
    return { code: error.code, detail: error.message };
  }
};

test('a process that has parsed many requests parses as one that begins', () => {
  const after = createOnlineParser();
  for (let parsed = 0; parsed < 2000; parsed += 1) after(request);
  let taken = 0;
  fc.assert(
    fc.property(given, (asked) => {
      const outcome = outcomeOf(createOnlineParser(), asked);
      expect(outcomeOf(after, asked)).toEqual(outcome);
      if (typeof outcome === 'object' && outcome !== null && 'include_metadata' in outcome) taken += 1;
    }),
    {
      numRuns: 2000,
      examples: [[request], [{ ...request, allow_partial: true }], [{ ...request, entity_ids: ['a'] }]],
    },
  );
  expect(taken).toBeGreaterThan(1);
});
