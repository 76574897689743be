import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Database } from '../../shared/platform/database.ts';
import { quoteIdentifier } from '../../shared/platform/database.ts';

export interface RoleLogin {
  readonly username: string;
  readonly password: string;
}

/**
 * Lets each role log in with its password, as whoever made the roles. Only the verifier reaches Postgres: a statement
 * may end in its log.
 */
export async function setRolePasswords(database: Database, logins: readonly RoleLogin[]): Promise<void> {
  for (const { username, password } of logins) {
    await database.script(`ALTER ROLE ${quoteIdentifier(username)} PASSWORD '${scramVerifier(password)}'`);
  }
}

const iterations = 4096;

/** What Postgres itself would store for a password of ASCII alone (RFC 5803). */
function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const sign = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(sign('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${sign('Server Key').toString('base64')}`;
}
