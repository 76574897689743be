import { startBenchStores } from '../bench/support/bench-stores.ts';
import { type ServerProcess, startServer } from '../bench/support/server-process.ts';

export interface LocalLoad {
  readonly server: ServerProcess;
  /** The least that answers reads of one entity from the same Redis; started when it is asked for. */
  startFloor(): Promise<ServerProcess>;
  stop(): Promise<void>;
}

/**
 * A server on real stores. It alone is held to its core: Redis, Postgres and DynamoDB go where there is room, as they would be elsewhere
 * in earnest.
 */
export async function startStoresAndServer(cores: string | undefined): Promise<LocalLoad> {
  const stores = await startBenchStores();
  const server = await startServer('functions/local.ts --no-seed', { ...stores.env, LOG_LEVEL: 'info' }, cores);
  const floorSettings = {
    ...stores.env,
    BARE_KEY_PREFIX: 'fs1:{t_developmento:load_entity:',
    NODE_ENV: 'production',
  };
  return {
    server,
    startFloor: () => startServer('test/bench/bare-server.ts', floorSettings, cores),
    stop: async () => {
      await server.stop();
      await stores.stop();
    },
  };
}
