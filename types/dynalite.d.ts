/** The package ships no types; these are the few options that the project uses. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** Folder of the LevelDB store; in memory when left out. */
    path?: string;
    /** Milliseconds that a table stays in CREATING; 500 when left out. */
    createTableMs?: number;
    /** Milliseconds that a table stays in DELETING; 500 when left out. */
    deleteTableMs?: number;
    /** Milliseconds that a table stays in UPDATING; 500 when left out. */
    updateTableMs?: number;
  }

  export default function dynalite(options?: DynaliteOptions): Server;
}
