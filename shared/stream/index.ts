export { type AppliedEvents, type ApplyEvents, createApplyEvents } from './apply-events.ts';
export type { EventRejection, IncomingEvent } from './judge-events.ts';
