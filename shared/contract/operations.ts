import { route } from './route.ts';
import * as z from './zod.ts';

const dependencySchema = z.object({ status: z.enum(['up', 'down']), detail: z.optional(z.string()) });

export const operationsRoutes = {
  health: route({
    id: 'health',
    method: 'get',
    path: '/health',
    tag: 'operations',
    summary: 'Whether the process is alive',
    access: 'none',
    answers: {
      200: {
        description: 'Alive',
        schema: z.object({ status: z.literal('ok') }).apply(z.documented, { id: 'Health' }),
      },
    },
    errors: [],
  }),
  ready: route({
    id: 'ready',
    method: 'get',
    path: '/health/ready',
    tag: 'operations',
    summary: 'Whether each store answers',
    access: 'none',
    answers: (() => {
      const schema = z
        .object({ status: z.enum(['ready', 'degraded']), dependencies: z.record(z.string(), dependencySchema) })
        .apply(z.documented, { id: 'Readiness' });
      return { 200: { description: 'All stores answer', schema }, 503: { description: 'A store does not', schema } };
    })(),
    errors: [],
  }),
  metrics: route({
    id: 'metrics',
    method: 'get',
    path: '/metrics',
    tag: 'operations',
    summary: 'Metrics in the Prometheus text format',
    access: 'none',
    answers: { 200: { description: 'Metrics', contentType: 'text/plain' } },
    errors: [],
  }),
  openapi: route({
    id: 'openapi',
    method: 'get',
    path: '/openapi.json',
    tag: 'operations',
    summary: 'This document',
    access: 'none',
    answers: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) } },
    errors: [],
  }),
  docs: route({
    id: 'docs',
    method: 'get',
    path: '/docs',
    tag: 'operations',
    summary: 'This document for people',
    access: 'none',
    answers: { 200: { description: 'A page', contentType: 'text/html' } },
    errors: [],
  }),
};
