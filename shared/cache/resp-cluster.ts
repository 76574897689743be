import { Cluster, type Redis } from 'ioredis';
import { clusterSlot } from './cluster-slot.ts';
import { gatherWrites } from './gather-writes.ts';
import type { RedisCommand } from './redis-client.ts';
import {
  connectionSettings,
  type OnConnectionError,
  type RespClient,
  reconnectDelayMillis,
  replyOrError,
} from './resp-client.ts';
import type { RespAddress } from './resp-url.ts';

/** After about ten seconds without a node it is given up, and without any the cluster is looked for from the start. */
const nodeAttempts = 20;

/** A cluster. Connects in the background from now on, for ever. */
export function connectCluster(
  address: Extract<RespAddress, { kind: 'cluster' }>,
  onConnectionError: OnConnectionError,
): RespClient {
  const cluster = new Cluster([...address.nodes], {
    lazyConnect: true,
    // A certificate is for the name, so the name is connected to (as AWS asks for).
    dnsLookup: (name, callback) => callback(null, name),
    clusterRetryStrategy: reconnectDelayMillis,
    clusterNodeRetryStrategy: (attempts) => (attempts > nodeAttempts ? null : reconnectDelayMillis(attempts)),
    // Waiting for a failover is not for a request: it has Postgres to ask.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    redisOptions: { ...connectionSettings, ...address.login, ...(address.tls ? { tls: {} } : {}) },
  });
  const nodes = nodesByAddress(cluster);
  cluster.on('error', onConnectionError);
  cluster.on('node error', (error) => {
    onConnectionError(error);
    // Its slots may have gone to another node. As often as it is tried to connect to, so at most every 50 ms.
    if (cluster.status === 'ready') cluster.refreshSlotsCache();
  });
  const settle = (): void => {
    starting = undefined;
  };
  let starting: Promise<void> | undefined = connect(cluster).then(settle, settle);

  const ownerOf = ({ key }: RedisCommand): Redis | undefined =>
    nodes.get(cluster.slots[clusterSlot(key)]?.[0] ?? 'unknown');

  /** One command, redirected by ioredis to wherever the slot went, which it remembers. */
  async function sendAlone(command: RedisCommand): Promise<unknown> {
    const owner = ownerOf(command);
    // Of ioredis it would wait for the node to come back.
    if (isLost(owner)) throw new Error('The connection to the node is lost');
    if (owner !== undefined) gatherWrites(owner, [command]);
    return cluster.call(command.name, command.args);
  }

  function sendOne(command: RedisCommand): Promise<unknown> {
    return replyOrError(command, sendAlone(command));
  }

  function sendToNode(owner: Redis | undefined, commands: readonly RedisCommand[]): Promise<unknown[]> {
    if (owner?.status !== 'ready' || commands.length === 1) return Promise.all(commands.map(sendOne));
    gatherWrites(owner, commands);
    return Promise.all(
      commands.map((command) => {
        const redirected = (error: Error): Promise<unknown> => {
          if (isRedirection(error)) return sendAlone(command);
          throw error;
        };
        return replyOrError(command, owner.call(command.name, command.args).catch(redirected));
      }),
    );
  }

  return {
    isReady: () => cluster.status === 'ready',
    starting: () => starting,
    slotOf: clusterSlot,
    send: async (commands) => {
      if (cluster.status !== 'ready') throw new Error('No node of the cluster is reachable');
      const [first] = commands;
      if (first && commands.length === 1) return [await sendOne(first)];

      // ioredis's own pipeline of a cluster refuses commands for several nodes.
      const replies: unknown[] = commands.map(() => null);
      const shares = Map.groupBy(commands.keys(), (index) => {
        const command = commands[index];
        return command && ownerOf(command);
      });
      await Promise.all(
        Array.from(shares, async ([owner, indexes]) => {
          const share = indexes.map((index) => commands[index]).filter((command) => command !== undefined);
          const answers = await sendToNode(owner, share);
          for (const [position, index] of indexes.entries()) replies[index] = answers[position];
        }),
      );
      return replies;
    },
    ping: async () => {
      const masters = cluster.nodes('master');
      if (cluster.status !== 'ready' || masters.length === 0) throw new Error('No node of the cluster is reachable');
      await Promise.all(masters.map((node) => node.ping()));
    },
    close: () => cluster.disconnect(),
  };
}

/** ioredis connects to a node at its first command; the first request need not wait for that. */
async function connect(cluster: Cluster): Promise<void> {
  await cluster.connect();
  await Promise.allSettled(
    cluster.nodes('master').map((node) => (node.status === 'wait' ? node.connect() : undefined)),
  );
}

/** The connections by `host:port`, as the slots name them. */
function nodesByAddress(cluster: Cluster): ReadonlyMap<string, Redis> {
  const nodes = new Map<string, Redis>();
  const addressOf = (node: Redis): string => `${node.options.host}:${node.options.port}`;
  cluster.on('+node', (node: Redis) => nodes.set(addressOf(node), node));
  cluster.on('-node', (node: Redis) => {
    if (nodes.get(addressOf(node)) === node) nodes.delete(addressOf(node));
  });
  return nodes;
}

function isLost(node: Redis | undefined): boolean {
  return node?.status === 'close' || node?.status === 'reconnecting';
}

function isRedirection(error: Error): boolean {
  return /^(MOVED|ASK|TRYAGAIN) /.test(error.message);
}
