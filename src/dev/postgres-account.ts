import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CannotStart } from '../cannot-start';

/** Whom PostgreSQL runs as when we are root, which it refuses to run as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined when we are an ordinary user: PostgreSQL then runs as we do. Throws if no fitting user exists. */
export function postgresAccount(dataDir: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  // The owner of the data, or of the folder they will lie in: who runs the project with and without sudo keeps one
  // and the same database.
  const owner = statSync(nearestExisting(dataDir)).uid;
  for (const user of [...(owner === 0 ? [] : [String(owner)]), 'postgres', 'nobody']) {
    const [uid, gid] = [idOf('-u', user), idOf('-g', user)];
    if (uid !== undefined && gid !== undefined && uid !== 0) return { uid, gid };
  }
  throw new CannotStart(
    'PostgreSQL refuses to run as root, and this machine has neither a user postgres nor nobody to run it as: run as an ordinary user, or set DATABASE_URL',
  );
}

/** Whether the account can enter a folder; it is made if it is missing. */
export function canReach(account: Account, folder: string): boolean {
  mkdirSync(folder, { recursive: true });
  // Asked of the system as that user: modes alone do not tell (access lists, mounts).
  const probe = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    ...account,
    cwd: '/',
    stdio: 'ignore',
    timeout: 5_000,
  });
  return probe.status === 0;
}

function nearestExisting(path: string): string {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

function idOf(flag: '-u' | '-g', user: string): number | undefined {
  try {
    const answer = execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 5_000 });
    return Number.parseInt(answer.toString(), 10);
  } catch {
    return undefined;
  }
}
