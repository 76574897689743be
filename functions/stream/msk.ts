import { composeDelivery } from '../composition/delivery.ts';
import { createKafkaHandler, type KafkaAnswer } from './handle-kafka.ts';

const { deliver, flush } = await composeDelivery();
const handle = createKafkaHandler(deliver);

/** Behind the event source mapping of topics of MSK, or of a Kafka of one's own, which reports batch item failures. */
export async function handler(event: unknown): Promise<KafkaAnswer> {
  try {
    return await handle(event);
  } finally {
    flush();
  }
}
