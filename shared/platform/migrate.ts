import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database, Queryable } from './database.ts';

export interface Migration {
  /** The file's name without ending, such as `0001_roles`: the order, and what is remembered. */
  readonly name: string;
  readonly sql: string;
}

/** Any number that nothing else locks. */
const lockId = 7_305_241_188;

/**
 * Brings the database to the newest schema: each migration once, in one transaction of its own, one process at a time.
 * Answers the names of those it ran.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  await database.transaction(async (transaction) => {
    // IF NOT EXISTS does not make two at once safe.
    await lock(transaction);
    await transaction.script(`
      CREATE SCHEMA IF NOT EXISTS migrations;
      CREATE TABLE IF NOT EXISTS migrations.done (name text PRIMARY KEY, done_at timestamptz NOT NULL DEFAULT now());
    `);
  });
  const ran: string[] = [];
  for (const migration of migrations) {
    if (await run(database, migration)) ran.push(migration.name);
  }
  return ran;
}

/** The migrations in a folder, in the order of their names. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) => ({
      name: file.slice(0, -'.sql'.length),
      sql: await readFile(join(folder, file), 'utf8'),
    })),
  );
}

function run(database: Database, { name, sql }: Migration): Promise<boolean> {
  return database.transaction(async (transaction) => {
    await lock(transaction);
    const done = await transaction.rows({
      name: 'find_migration',
      text: 'SELECT name FROM migrations.done WHERE name = $1',
      values: [name],
    });
    if (done.length > 0) return false;
    // Before the migration, which may end as another role.
    await transaction.rows({
      name: 'mark_migration',
      text: 'INSERT INTO migrations.done (name) VALUES ($1)',
      values: [name],
    });
    await transaction.script(sql);
    return true;
  });
}

/** Until the transaction ends. */
async function lock(transaction: Queryable): Promise<void> {
  await transaction.rows({
    name: 'lock_migrations',
    text: 'SELECT pg_advisory_xact_lock($1)::text',
    values: [lockId],
  });
}
