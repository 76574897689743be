import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { migrate, readMigrations } from '../../shared/platform/migrate.ts';
import { overPglite } from '../../shared/platform/pglite.ts';
import { silentTelemetry } from '../../shared/platform/telemetry.ts';

export interface PgliteTemplate {
  readonly file: string;
  remove(): Promise<void>;
}

/** Migrates a PGlite and writes it to a file, 40 MB: compressed to 5 it takes half as long again to load. */
export async function createPgliteTemplate(): Promise<PgliteTemplate> {
  const pglite = await PGlite.create();
  const migrations = await readMigrations(new URL('../../shared/migrations/', import.meta.url).pathname);
  await migrate(overPglite(pglite, silentTelemetry), migrations);
  const dump = await pglite.dumpDataDir('none');
  await pglite.close();
  const folder = await mkdtemp(join(tmpdir(), 'feature-store-pglite-'));
  const file = join(folder, 'template.tar');
  await writeFile(file, dump.stream());
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}
