import { describe, expect, test } from 'vitest';
import { newestOf, type ServiceVersion } from '../../../shared/registry/model.ts';
import {
  referenceOf,
  resolveFeature,
  resolveService,
  resolveView,
  viewsByFeature,
} from '../../../shared/registry/resolve.ts';
import { definitionOf, viewOf } from './registry-samples.ts';

const int64 = (name: string) => ({ name, dtype: 'int64' });
const profile = viewOf(
  definitionOf({ name: 'profile', features: [int64('age'), int64('gone')] }),
  definitionOf({ name: 'profile', features: [int64('age'), int64('size')] }),
);
const pets = viewOf(definitionOf({ name: 'pets', features: [int64('size'), int64('Age')] }));
const views = [profile, pets];
const index = {
  views: new Map(views.map((view) => [view.name, view])),
  viewsByFeature: viewsByFeature(views.map(newestOf)),
};
const failing = (code: string, members: object = {}) =>
  expect.objectContaining({ code, members: expect.objectContaining(members) });

describe('a feature name', () => {
  test.each([
    ['age', 'profile@2:age'],
    ['Age', 'pets@1:Age'],
    ['profile:age', 'profile@2:age'],
    ['profile@1:age', 'profile@1:age'],
    ['profile@1:gone', 'profile@1:gone'],
    ['profile:size', 'profile@2:size'],
    ['pets:size', 'pets@1:size'],
  ])('%s means %s', (name, reference) => {
    expect(referenceOf(resolveFeature(index, name))).toBe(reference);
  });

  test('that two views have is ambiguous, with both as candidates', () => {
    const candidates = ['profile:size', 'pets:size'];
    expect(() => resolveFeature(index, 'size')).toThrow(failing('ambiguous_feature', { candidates }));
  });

  test.each([
    ['gone', 'feature_not_found'],
    ['nothing', 'feature_not_found'],
    ['toString', 'feature_not_found'],
    ['profile:gone', 'feature_not_found'],
    ['profile@1:size', 'feature_not_found'],
    ['nobody:age', 'view_not_found'],
    ['profile@3:age', 'view_not_found'],
    ['profile@99999:age', 'view_not_found'],
    ['', 'invalid_name'],
    [':age', 'invalid_name'],
    ['profile:', 'invalid_name'],
    ['profile@:age', 'invalid_name'],
    ['profile@0:age', 'invalid_name'],
    ['profile@01:age', 'invalid_name'],
    ['profile@100000:age', 'invalid_name'],
    ['profile@-1:age', 'invalid_name'],
    ['profile@1', 'invalid_name'],
    ['profile:pets:age', 'invalid_name'],
    [' age', 'invalid_name'],
    ['age\n', 'invalid_name'],
    ['1age', 'invalid_name'],
    ['_age', 'invalid_name'],
    ['a'.repeat(49), 'invalid_name'],
    ['a,b', 'invalid_name'],
    ['é', 'invalid_name'],
    ['a\ud800', 'invalid_name'],
  ])('%j is refused: %s', (name, code) => {
    expect(() => resolveFeature(index, name)).toThrow(failing(code));
  });
});

describe('a view name', () => {
  test('means its newest version, or the one it names', () => {
    expect(resolveView(index, 'profile').version).toBe(2);
    expect(resolveView(index, 'profile@1').version).toBe(1);
    expect(resolveView(index, 'profile@2').version).toBe(2);
  });

  test.each([
    ['nobody', 'view_not_found'],
    ['Profile', 'view_not_found'],
    ['constructor', 'view_not_found'],
    ['profile@3', 'view_not_found'],
    ['profile@0', 'invalid_name'],
    ['profile:age', 'invalid_name'],
    ['', 'invalid_name'],
  ])('%j is refused: %s', (name, code) => {
    expect(() => resolveView(index, name)).toThrow(failing(code));
  });
});

describe('a service name', () => {
  const version = (number: number): ServiceVersion => ({
    service: 'churn',
    version: number,
    features: ['age'],
    pinned: ['profile@2:age'],
    description: '',
    tags: [],
    owner: null,
    createdAt: '2026-06-15T12:00:00.000Z',
  });
  const services = new Map([['churn', { name: 'churn', versions: [version(1), version(2)] }]]);

  test('means its newest version, or the one it names', () => {
    expect(resolveService(services, 'churn').version).toBe(2);
    expect(resolveService(services, 'churn@1').version).toBe(1);
  });

  test.each([
    ['nobody', 'service_not_found'],
    ['churn@3', 'service_not_found'],
    ['churn@x', 'invalid_name'],
  ])('%j is refused: %s', (name, code) => {
    expect(() => resolveService(services, name)).toThrow(failing(code));
  });
});
