import { createKinesisClient, createKinesisLog, type EventLog } from '../../shared/delivery/index.ts';

/** A Kinesis that is away: at an address where nothing listens. */
export function absentKinesis(): EventLog {
  return createKinesisLog(createKinesisClient({ region: 'us-east-1', endpoint: 'http://127.0.0.1:1' }), 'none');
}
