export type { DeadLetterStore } from './dead-letter-store.ts';
export { createDeliverRecords, type DeliverRecords } from './deliver-records.ts';
export type { EventLog } from './event-log.ts';
export { createFolderDeadLetters } from './folder-dead-letters.ts';
export { callKinesis, createKinesisClient, createKinesisLog } from './kinesis-log.ts';
export { createPublishEvents, type PublishEvents } from './publish-events.ts';
export { type ReplayReport, replayDeadLetters } from './replay-dead-letters.ts';
export { createS3DeadLetters } from './s3-dead-letters.ts';
export { arrivalMicrosOf, type StreamRecord } from './stream-record.ts';
