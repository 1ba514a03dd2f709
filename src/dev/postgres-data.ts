import { createHash, randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CannotStart } from '../cannot-start';
import { type Account, canReach } from './postgres-account';
import type { PostgresBinaries } from './postgres-binaries';
import { runPostgres } from './postgres-process';

const DATABASE = 'tollgate';
const PASSWORD_FILE = 'tollgate.password';
/** Root's own folder, in which nobody can lay out a trap. */
const SYSTEM_DIR = '/var/lib/tollgate';

/** Where the data lie and where a copy of the binaries may. */
export interface DataPlace {
  readonly dataDir: string;
  readonly cacheDir: string;
}

/**
 * Where the data lie: as asked for, unless the account that PostgreSQL must run as cannot go there (we are root, and
 * the project lies below a closed home). Then in a folder of this project's below /var/lib/tollgate.
 */
export function placeData(wanted: string, account: Account | undefined): DataPlace {
  const dataDir = resolve(wanted);
  const parent = dirname(dataDir);
  if (account === undefined) {
    mkdirSync(parent, { recursive: true });
    return { dataDir, cacheDir: parent };
  }
  if (canReach(account, parent)) return { dataDir, cacheDir: SYSTEM_DIR };
  const project = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const instead = join(SYSTEM_DIR, project);
  try {
    for (const folder of [SYSTEM_DIR, instead]) mkdirSync(folder, { recursive: true, mode: 0o755 });
    if (canReach(account, instead)) return { dataDir: join(instead, 'postgres'), cacheDir: SYSTEM_DIR };
  } catch {
    // said below
  }
  throw new CannotStart(
    `PostgreSQL refuses to run as root, and the user it would run as can reach neither ${parent} nor ${instead}: run as an ordinary user, move the project to a folder that others may enter, or set DATABASE_URL`,
  );
}

/**
 * Where a server on these data is reached, as the database's owner: a secret. The password was made with the data and
 * is kept among them, readable to their owner alone.
 */
export function ownerUrl(dataDir: string, port: number): string {
  const password = readFileSync(join(dataDir, PASSWORD_FILE), 'utf8');
  return `postgresql://tollgate:${password}@127.0.0.1:${port}/${DATABASE}`;
}

/** Data made by a run as root belong to another user, whose files we may not open. */
export function refuseAlienData(dataDir: string): void {
  const us = process.getuid?.();
  if (us === undefined || us === 0 || !existsSync(dataDir)) return;
  const owner = statSync(dataDir).uid;
  if (owner === us) return;
  throw new CannotStart(
    `${dataDir} belongs to another user (${owner}), as a run with sudo leaves it: give it to yourself with chown -R, or remove it to start afresh`,
  );
}

export function refuseOtherVersion(dataDir: string): void {
  const version = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
  if (version === '18') return;
  throw new CannotStart(
    `the data in ${dataDir} are of PostgreSQL ${version}, the embedded one is 18: remove it to start afresh, or set DATABASE_URL`,
  );
}

export interface ClusterOptions {
  readonly binaries: PostgresBinaries;
  readonly dataDir: string;
  readonly account: Account | undefined;
  readonly durable: boolean;
}

/** Makes the data folder unless it is there; whole or not at all, also when two do so at once or one is killed. */
export async function createCluster(options: ClusterOptions): Promise<void> {
  const { binaries, dataDir, account, durable } = options;
  if (existsSync(join(dataDir, 'PG_VERSION'))) return;
  const draft = `${dataDir}.${process.pid}`;
  const passwordFile = `${draft}.pw`;
  rmSync(draft, { recursive: true, force: true });
  try {
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
    if (account !== undefined) {
      for (const path of [draft, passwordFile]) chownSync(path, account.uid, account.gid);
    }
    const initialise = (letters: string) =>
      runPostgres(
        binaries.initdb,
        [
          `--pgdata=${draft}`,
          '--username=tollgate',
          '--auth=scram-sha-256',
          `--pwfile=${passwordFile}`,
          '--encoding=UTF8',
          '--locale=C',
          '--locale-provider=builtin',
          '--builtin-locale=C.UTF-8',
          `--lc-ctype=${letters}`,
          '--no-instructions',
          ...(durable ? [] : ['--no-sync']),
        ],
        account,
      );
    // What is a letter beyond ASCII is asked of the machine where names are searched by similarity; not every one knows.
    await initialise('C.UTF-8').catch(() => initialise('C'));
    const alone = ['--single', '-D', draft, ...(durable ? [] : ['-F']), 'postgres'];
    await runPostgres(binaries.postgres, alone, account, `CREATE DATABASE ${DATABASE}\n`);
    renameSync(passwordFile, join(draft, PASSWORD_FILE));
    renameSync(draft, dataDir);
  } catch (error) {
    if (!existsSync(join(dataDir, 'PG_VERSION'))) throw error; // else another start was first
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(passwordFile, { force: true });
  }
}
