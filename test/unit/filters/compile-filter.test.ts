import { describe, expect, test } from 'vitest';
import { dtypes } from '../../../shared/contract/dtypes.ts';
import { filterLimits } from '../../../shared/contract/limits.ts';
import { compileFilter, type EventFields, type Filter } from '../../../shared/filters/index.ts';

const fields = [
  { name: 'amount', dtype: 'float64' },
  { name: 'ratio', dtype: 'float32' },
  { name: 'count', dtype: 'int64' },
  { name: 'small', dtype: 'int32' },
  { name: 'country', dtype: 'string' },
  { name: 'is_new', dtype: 'bool' },
  { name: 'bought_at', dtype: 'timestamp' },
  { name: 'note', dtype: 'json' },
  { name: 'picture', dtype: 'bytes' },
  { name: 'scores', dtype: 'float64[]' },
  { name: 'weights', dtype: 'float32[]' },
  { name: 'ids', dtype: 'int64[]' },
  { name: 'words', dtype: 'string[]' },
  { name: 'type', dtype: 'string' },
  { name: 'string', dtype: 'int64' },
  { name: 'constructor', dtype: 'json' },
  { name: 'google', dtype: 'bool' },
] as const;

function compiled(text: string): Filter {
  const filter = compileFilter(fields, text);
  if ('code' in filter) throw new Error(filter.detail);
  return filter;
}

const detailOf = (text: string): string => {
  const filter = compileFilter(fields, text);
  if (!('code' in filter)) throw new Error(`${text} is a filter`);
  expect(filter.code).toBe('invalid_filter');
  return filter.detail;
};

const event: EventFields = {
  amount: 12.5,
  ratio: 0.5,
  count: 3,
  small: -1,
  country: 'DE',
  is_new: true,
  bought_at: '2026-01-31T12:30:00.000500Z',
  note: { coupon: 'x', tags: ['a'], price: 3 },
  picture: 'YWJj',
  scores: [1, 2.5],
  weights: [0.5],
  ids: [1, '9007199254740993'],
  words: ['a', 'b'],
  type: 'click',
  string: 5,
  google: true,
};

test('there is a field of every dtype here', () => {
  expect(new Set(fields.map(({ dtype }) => dtype))).toEqual(new Set(dtypes));
});

describe('an event is matched', () => {
  test.each([
    ['amount > 0.0', true],
    ['amount > 12', true],
    ['amount > 12.5', false],
    ['ratio == 0.5 && small < 0', true],
    ['count == 3 && count % 2 == 1 && -count < 0', true],
    ['count > 2.5', true],
    ['country == "DE" || country == "AT"', true],
    ['country in ["AT", "CH"]', false],
    ['country.startsWith("D") && country.size() == 2 && size(country) == 2', true],
    ['country.lowerAscii().contains("e")', true],
    ['is_new', true],
    ['!is_new', false],
    ['is_new ? amount > 100.0 : true', false],
    ['bought_at > timestamp("2026-01-31T12:29:59Z") && bought_at.getHours() == 12', true],
    ['bought_at == timestamp("2026-01-31T12:30:00Z")', true],
    ['bought_at - timestamp("2026-01-31T12:00:00Z") > duration("29m")', true],
    ['bought_at + duration("1h") > timestamp("2026-01-31T13:00:00Z")', true],
    ['note.coupon == "x"', true],
    ['note.price == 3 && note["price"] > 2', true],
    ['"a" in note.tags', true],
    ['has(note.coupon) && !has(note.other)', true],
    ['has(note.__proto__) || has(note.toString)', false],
    ['picture == b"abc" && size(picture) == 3', true],
    ['2.5 in scores && 0.5 in weights && size(scores) == 2', true],
    ['9007199254740993 in ids && !(9007199254740992 in ids)', true],
    ['words == ["a", "b"] && words[0] == "a"', true],
    ['type == "click" && string(string) == "5" && google', true],
    ['((((amount))) + 1.0) * 2.0 == 27.0', true],
    ['true', true],
    ['amount > 0.0 // of all', true],
  ])('by %s: %s', (text, expected) => {
    expect(compiled(text).matches(event)).toBe(expected);
  });

  test('also where an int64 is beyond 2^53 - 1, as its text or as a bigint', () => {
    const filter = compiled('count == 9223372036854775807');
    expect(filter.matches({ count: '9223372036854775807' })).toBe(true);
    expect(filter.matches({ count: 9223372036854775807n })).toBe(true);
    expect(filter.matches({ count: '9223372036854775806' })).toBe(false);
  });
});

describe('an event is not counted where the expression cannot be evaluated', () => {
  test.each([
    ['a null field', 'amount > 0.0', { amount: null }],
    ['a missing field', 'amount > 0.0', {}],
    ['a missing field that is negated', '!is_new', {}],
    ['a null text', 'country != "DE"', { country: null }],
    ['a null beside what is true', 'amount > 0.0 && country == "DE"', { amount: null, country: 'DE' }],
    ['a null beside what is true, the other way', 'country == "DE" && amount > 0.0', { amount: null, country: 'DE' }],
    ['a null in both branches', 'amount > 0.0 || amount < 5.0', { amount: null }],
    ['a null condition', 'is_new ? true : true', {}],
    ['null JSON', 'note == null', { note: null }],
    ['a member that is not there', 'note.coupon == "x"', { note: {} }],
    ['a member of a number', 'note.coupon == "x"', { note: 5 }],
    ['JSON of another type', 'note.price > 2', { note: { price: 'x' } }],
    ['a missing field of a name that objects inherit', 'has(constructor.name) || true == has(constructor.name)', {}],
    ['a division by zero', 'count / small > 0', { count: 1, small: 0 }],
    ['an overflow', 'count * count > 0', { count: '9223372036854775807' }],
    ['an index beyond the list', 'words[5] == "a"', { words: [] }],
    ['text that is no number', 'int(country) > 0', { country: 'DE' }],
    ['a value of another dtype', 'count > 0', { count: 'three' }],
    ['a list with a value of another dtype', 'size(ids) > 0', { ids: [1, null] }],
    ['a time that is none', 'bought_at > timestamp("2026-01-01T00:00:00Z")', { bought_at: 'today' }],
  ])('%s', (_, text, given) => {
    expect(compiled(text).matches(given)).toBe(false);
  });

  test('and is where a null does not decide', () => {
    expect(compiled('amount > 0.0 || country == "DE"').matches({ amount: null, country: 'DE' })).toBe(true);
    expect(compiled('is_new ? amount > 0.0 : true').matches({ is_new: false })).toBe(true);
    expect(compiled('!(amount > 0.0 && country == "DE")').matches({ country: 'AT' })).toBe(true);
  });
});

describe('refused is', () => {
  test.each([
    ['nope > 1', 'the source has no field nope'],
    ['field_amount > 1.0', 'the source has no field field_amount'],
    ['amount', 'it is of type double, not bool'],
    ['count + 1', 'it is of type int, not bool'],
    ['note', 'it is of type dyn, not bool'],
    ['note.flag', 'it is of type dyn, not bool'],
    ['amount == 0', 'no such overload: double == int'],
    ['country > 5', 'no such overload: string > int'],
    ['amount == null', 'no such overload: double == null'],
    ['count && is_new', 'bool operands'],
    ['amount.size() > 1', 'no matching overload'],
    ['size(amount) > 1', 'no matching overload'],
    ['has(country)', 'has() invalid argument'],
    ['words == ids', 'no such overload'],
    ['["a", 1] == words', 'same type'],
    ['amount >', 'Unexpected token'],
    ['', 'Unexpected token'],
    ['amount > 0.0; true', 'Unexpected character'],
    ['amount = 1.0', 'Unexpected character'],
    ['amount > 0.0 amount', 'Unexpected'],
    ['package == 1', 'Reserved identifier'],
    ['country.matches("(a+)+$")', 'there is no method matches'],
    ['words.exists(w, w == "a")', 'there is no method exists'],
    ['words.map(w, words.map(v, words)).size() > 0', 'there is no method map'],
    ['words.all(w, true)', 'there is no method all'],
    ['note.filter(n, true) == note', 'there is no method filter'],
    ['cel.bind(x, amount, x > 0.0)', 'there is no method bind'],
    ['country.split("") == words', 'there is no method split'],
    ['type(amount) == double', 'there is no function type'],
    ['dyn(amount) == 1', 'there is no function dyn'],
    ['fetch("x")', 'there is no function fetch'],
    ['bought_at.getHours("Europe/Berlin") == 1', 'takes no time zone'],
    ['size(country + country) > 1', '+ adds numbers'],
    ['words + words == words', '+ adds numbers'],
    ['note.a + note.a == note.b', '+ adds numbers'],
    [`country == "${'x'.repeat(filterLimits.characters)}"`, 'at most 1000 characters'],
    [`${'!'.repeat(900)}is_new`, 'maxAstNodes'],
    [`${'('.repeat(450)}is_new${')'.repeat(450)}`, 'maxDepth'],
    [Array.from({ length: 140 }, () => '1').join('+'), 'maxAstNodes|not bool'],
  ])('%s', (text, reason) => {
    expect(detailOf(text)).toMatch(new RegExp(reason.replaceAll(/[()+.?]/g, '\\$&')));
  });
});

test('a filter of the greatest length takes its time in proportion', () => {
  const text = Array.from({ length: 35 }, () => 'country.contains(country)').join('&&');
  const filter = compiled(text);
  const started = performance.now();
  for (let round = 0; round < 100; round++) filter.matches({ country: 'a'.repeat(65_536) });
  expect(performance.now() - started).toBeLessThan(2000);
});
