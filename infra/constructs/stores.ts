import type { DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { Secrets } from './node-function.ts';

/** Where values are kept, whichever profile keeps them. */
export interface Stores {
  /** Past any proxy: for whoever sets session settings or takes advisory locks. Without a login, which each function has of its own. */
  readonly postgresUrl: string;
  /** That a proxy can be put before; none that others keep. */
  readonly cluster: DatabaseCluster | undefined;
  /** Of the master user, who only migrates. */
  readonly adminSecret: { readonly secretArn: string };
  /** How functions learn of the cache: by its address, or by a secret that has it. */
  readonly cache: { readonly environment: Readonly<Record<string, string>>; readonly secrets: Secrets };
  /** What dashboards show of them; nothing of what others keep. */
  readonly watched: WatchedStores | undefined;
}

/** Names, as the dimensions of AWS's metrics have them. */
export interface WatchedStores {
  readonly cluster: string;
  readonly proxy: string;
  readonly cache: string;
}
