import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { inject } from 'vitest';
import type { Database } from '../../shared/platform/database.ts';
import { overPglite } from '../../shared/platform/pglite.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { inPieces } from './in-pieces.ts';
import { createTestDatabase } from './migrated-template.ts';

export interface StoreDatabases {
  readonly admin: Database;
  readonly owner: Database;
  readonly writer: Database;
  readonly reader: Database;
}

export interface OpenedDatabases {
  readonly databases: StoreDatabases;
  close(): Promise<void>;
}

/**
 * A migrated database on the lane's Postgres: of the store's own, as the product's roles, on the real server; on the others
 * one session of a superuser for all stores of the process.
 */
export function openLaneDatabases(telemetry: Telemetry): Promise<OpenedDatabases> {
  const open = { postgres: openOwnDatabase, pglite: openPglite, timescale: openSharedSession };
  return open[inject('postgresLane')](telemetry);
}

/** A server that the test names, whose login acts as the roles. */
export function openServer(url: string, telemetry: Telemetry): OpenedDatabases {
  const as = (role?: string): Database =>
    createPostgres({ url, maxPool: 8, telemetry, ...(role === undefined ? {} : { role: `feature_store_${role}` }) });
  return closingAll({ admin: as(), owner: as('owner'), writer: as('writer'), reader: as('reader') });
}

async function openOwnDatabase(telemetry: Telemetry): Promise<OpenedDatabases> {
  const created = await createTestDatabase(inject('postgresAdminUrl'));
  const at = (url: string): Database => createPostgres({ url, maxPool: 8, telemetry });
  const { databases, close } = closingAll({
    admin: at(created.adminUrl),
    owner: at(created.roleUrl('owner')),
    writer: at(created.roleUrl('writer')),
    reader: at(created.roleUrl('reader')),
  });
  return { databases, close: () => close().then(created.drop) };
}

let pglite: Promise<PGlite> | undefined;

/** One for all stores of the process, which ends it. Loaded from a migrated one: 0.5 s, where making one and migrating takes 2. */
async function openPglite(telemetry: Telemetry): Promise<OpenedDatabases> {
  pglite ??= readFile(inject('pgliteTemplate')).then((dump) => PGlite.create({ loadDataDir: new Blob([dump]) }));
  return { databases: forAllRoles(overPglite(await pglite, telemetry)), close: async () => {} };
}

let session: { readonly database: Database; readonly users: Set<object> } | undefined;

/**
 * One connection for all stores that are open: the server may take one at a time, and makes others wait until it is closed.
 * Its statements are counted by the store that was first.
 */
async function openSharedSession(telemetry: Telemetry): Promise<OpenedDatabases> {
  session ??= {
    // The one before may not be closed yet, as the server sees it.
    database: inPieces(
      createPostgres({ url: inject('timescaleUrl'), maxPool: 1, connectTimeoutMillis: 30_000, telemetry }),
    ),
    users: new Set(),
  };
  const { database, users } = session;
  const databases = forAllRoles(database);
  users.add(databases);
  const close = async (): Promise<void> => {
    users.delete(databases);
    if (users.size > 0) return;
    session = undefined;
    await database.close();
  };
  return { databases, close };
}

function forAllRoles(database: Database): StoreDatabases {
  return { admin: database, owner: database, writer: database, reader: database };
}

function closingAll(databases: StoreDatabases): OpenedDatabases {
  const close = async (): Promise<void> => {
    await Promise.all(Object.values(databases).map((database) => database.close()));
  };
  return { databases, close };
}
