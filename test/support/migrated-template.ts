import pg from 'pg';
import { migrate, readMigrations } from '../../shared/platform/migrate.ts';
import { createPostgres } from '../../shared/platform/postgres.ts';
import { silentTelemetry } from '../../shared/platform/telemetry.ts';

const template = 'feature_store_template';
/** Of the three roles, for tests alone: the migrations give them no password. */
const rolePassword = 'a-password-of-tests';

/** Migrates a database that test databases are cloned from, which takes 50 ms where migrating takes longer and locks roles. */
export async function createMigratedTemplate(adminUrl: string): Promise<void> {
  await runAsAdmin(adminUrl, `CREATE DATABASE ${template}`);
  const database = createPostgres({ url: withDatabase(adminUrl, template), maxPool: 1, telemetry: silentTelemetry });
  await migrate(database, await readMigrations(new URL('../../shared/migrations/', import.meta.url).pathname));
  await database.close();
  for (const role of ['owner', 'writer', 'reader']) {
    await runAsAdmin(adminUrl, `ALTER ROLE feature_store_${role} PASSWORD '${rolePassword}'`);
  }
}

export interface TestDatabase {
  readonly adminUrl: string;
  /** Of the role itself, as a function in AWS logs in. */
  roleUrl(role: 'owner' | 'writer' | 'reader'): string;
  drop(): Promise<void>;
}

/** A database of its own, migrated. */
export async function createTestDatabase(adminUrl: string): Promise<TestDatabase> {
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  await runAsAdmin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  // A clone has all of its template but the rights on the database itself.
  await runAsAdmin(adminUrl, `GRANT CREATE ON DATABASE ${name} TO feature_store_owner`);
  const url = withDatabase(adminUrl, name);
  return {
    adminUrl: url,
    roleUrl: (role) => {
      const ofRole = new URL(url);
      ofRole.username = `feature_store_${role}`;
      ofRole.password = rolePassword;
      return ofRole.href;
    },
    drop: () => runAsAdmin(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function runAsAdmin(adminUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
