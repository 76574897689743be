import { expect, test } from 'vitest';
import { createTenantRegistry } from '../../../shared/registry/tenant-registry.ts';
import { definitionOf, viewOf } from './registry-samples.ts';

const createRegistry = () =>
  createTenantRegistry({ epoch: 1, views: [viewOf(definitionOf())], services: [], sources: [] });

/** A list of its own for each index, of the features `a` and `b`. */
const namesOf = (index: number, length: number): string[] =>
  Array.from({ length }, (_, place) => ((index >> place) & 1 ? 'a' : 'b'));

test('a plan is compiled once and kept', () => {
  const registry = createRegistry();
  expect(registry.planOfNames(['a', 'b'])).toBe(registry.planOfNames(['a', 'b']));
});

test.each([
  ['2,000 plans', 2000, 12],
  ['100,000 features', 250, 400],
])('of more than %s the oldest plan gives way', (_, most, length) => {
  const registry = createRegistry();
  const [oldest, second] = Array.from({ length: most }, (_, index) => registry.planOfNames(namesOf(index, length)));
  expect(registry.planOfNames(namesOf(0, length))).toBe(oldest);
  registry.planOfNames(namesOf(most, length));
  expect(registry.planOfNames(namesOf(1, length))).toBe(second);
  expect(registry.planOfNames(namesOf(0, length))).not.toBe(oldest);
});
