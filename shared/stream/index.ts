export { type AppliedEvents, type ApplyEvents, createApplyEvents } from './apply-events.ts';
export { foldIntoTiles } from './fold-into-tiles.ts';
export { type EventRejection, type IncomingEvent, judgeEvents } from './judge-events.ts';
