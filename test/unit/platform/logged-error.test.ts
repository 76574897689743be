import { expect, test } from 'vitest';
import { loggedError } from '../../../shared/platform/logged-error.ts';
import { UnavailableError } from '../../../shared/platform/unavailable.ts';

test('an error is its type, message, code and stack, and what caused it', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', address: '10.0.0.1' });
  const { stack, ...logged } = loggedError(new UnavailableError('postgres', refused));
  expect(stack).toContain('logged-error.test.ts');
  expect(logged).toEqual({
    type: 'UnavailableError',
    message: 'postgres is unavailable',
    code: 'unavailable',
    cause: {
      type: 'Error',
      message: 'connect ECONNREFUSED',
      code: 'ECONNREFUSED',
      stack: expect.stringContaining('logged-error.test.ts'),
    },
  });
});

test('of what a store adds to an error nothing else is said: it may be what somebody stored', () => {
  const error = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (entity_id)=(u1)' });
  expect(JSON.stringify(loggedError(error))).not.toContain('u1');
});

test('what is thrown and is no error is logged as text', () => {
  expect(loggedError('gone')).toEqual({ type: 'string', message: 'gone' });
});
