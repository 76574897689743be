import { composeDelivery } from '../composition/delivery.ts';
import { createKinesisHandler, type KinesisAnswer } from './handle-kinesis.ts';

const { deliver, flush } = await composeDelivery();
const handle = createKinesisHandler(deliver);

/** Behind the event source mapping of a Kinesis stream, which reports batch item failures. */
export async function handler(event: unknown): Promise<KinesisAnswer> {
  try {
    return await handle(event);
  } finally {
    flush();
  }
}
