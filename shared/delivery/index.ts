export type { DeadLetterStore } from './dead-letter-store.ts';
export {
  type ApplyEvents,
  createDeliverRecords,
  type DeliverRecords,
} from './deliver-records.ts';
export { createFolderDeadLetters } from './folder-dead-letters.ts';
export { replayDeadLetters } from './replay-dead-letters.ts';
export { createS3DeadLetters } from './s3-dead-letters.ts';
export { arrivalMicrosOf, type StreamRecord } from './stream-record.ts';
