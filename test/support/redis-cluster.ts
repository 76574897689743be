import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { type RedisServer, startRedis } from './redis.ts';

export interface RedisCluster {
  /** `redis-cluster://host:port,host:port,host:port` */
  url: string;
  nodes: RedisServer[];
  stop(): Promise<void>;
}

/** What each of the three masters serves of the 16384 slots, first and last. */
const SLOT_RANGES = [
  [0, 5460],
  [5461, 10922],
  [10923, 16383],
] as const;

/** Three masters without replicas, joined as a cluster that serves every slot. Needs Redis 7 or Valkey. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const members = await Promise.all(
    SLOT_RANGES.map(async (slots) => {
      // The default bus port is 10000 above, in the ephemeral range.
      const busPort = await freePort();
      const server = await startRedis(['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`]);
      return { slots, busPort, server, client: new Redis(server.url) };
    }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(members.map(({ server }) => server.stop()));
  };
  try {
    await Promise.all(
      members.map(async ({ client, slots }) => {
        await client.cluster('ADDSLOTSRANGE', ...slots);
        for (const { server, busPort } of members) await client.cluster('MEET', '127.0.0.1', server.port, busPort);
      }),
    );
    await Promise.all(members.map(({ client }) => untilWhole(client)));
  } catch (error) {
    await stop();
    throw error;
  } finally {
    for (const { client } of members) client.disconnect();
  }
  const nodes = members.map(({ server }) => server);
  return { url: `redis-cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, nodes, stop };
}

async function untilWhole(client: Redis): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const info = String(await client.cluster('INFO'));
    if (/cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info)) return;
    await delay(50);
  }
  throw new Error('The Redis cluster did not come together within 30 s');
}
