export { createLimiter, type LimitedRequest, type Limiter } from './limiter.ts';
