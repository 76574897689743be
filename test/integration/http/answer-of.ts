import { expect } from 'vitest';
import type { Route } from '../../../shared/contract/route.ts';
import type { Answer } from '../../support/feature-store.ts';

/** The answer's body, which must be what the route documents for this status, no member more or less. */
export function answerOf(route: Route, status: number, answer: Answer): Answer['json'] {
  expect(answer.status, answer.text).toBe(status);
  const documented = route.answers[status];
  if (documented === undefined) throw new Error(`${route.id} documents no ${status}`);
  expect(answer.headers.get('content-type')).toMatch(documented.contentType ?? 'application/json');
  // An object's schema drops members that it does not know, so what it read must equal what came.
  if (documented.schema !== undefined) expect(documented.schema.parse(answer.json)).toEqual(answer.json);
  return answer.json;
}
