import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CannotStart } from '../cannot-start';

/**
 * What a server's processes bear in their titles, and PostgreSQL keeps in `postmaster.opts`: the process that started
 * it and, hashed, the folder.
 */
export const clusterName = (starter: number, dataDir: string) =>
  `tollgate-${starter}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 8)}`;

/**
 * A starter that was killed leaves its PostgreSQL running. Ends such an orphan on this data folder, so that the data
 * can be opened again. Throws if the server is in use by a starter that lives. Touches no other process.
 */
export async function endOrphan(dataDir: string): Promise<void> {
  const lock = readLock(dataDir);
  if (lock === undefined) return;
  const server = isServer(lock);
  if (server === undefined) return; // not ours to look at: PostgreSQL itself decides
  const name = /cluster_name=(tollgate-(\d+)-\w+)/.exec(read(join(dataDir, 'postmaster.opts')) ?? '');
  if (!server) {
    // Had its number gone to a stranger, or were it dead and not collected (a container without an init), PostgreSQL
    // would take it for alive by its lock and refuse to start.
    if (name?.[1] !== undefined) await untilDeserted(name[1]);
    rmSync(join(dataDir, 'postmaster.pid'), { force: true });
    return;
  }
  const { pid } = lock;
  if (parentOf(pid) === Number(name?.[2])) {
    throw new CannotStart(
      `the data in ${dataDir} are in use by another run (process ${name?.[2]}): end that one first`,
    );
  }
  for (const [signal, patienceMs] of [
    ['SIGINT', 10_000], // ends connections, writes a checkpoint
    ['SIGQUIT', 5_000], // at once; the next start recovers from the log
  ] as const) {
    process.kill(pid, signal);
    for (let waited = 0; waited < patienceMs; waited += 20) {
      if (isServer(lock) === false) return;
      await delay(20);
    }
  }
  throw new CannotStart(`the PostgreSQL of an earlier run (process ${pid}) does not end: end it by hand`);
}

/** PostgreSQL's own lock file: the server's process and, in its spelling, its data folder. */
interface Lock {
  readonly pid: number;
  readonly folder: string;
}

function readLock(dataDir: string): Lock | undefined {
  const [pid, folder] = (read(join(dataDir, 'postmaster.pid')) ?? '').split('\n');
  return Number(pid) > 1 && folder ? { pid: Number(pid), folder } : undefined;
}

/** Whether the process is a PostgreSQL that was started on that folder; undefined if that cannot be seen. */
function isServer({ pid, folder }: Lock): boolean | undefined {
  if (!exists(pid)) return false;
  // Readable to everybody, unlike the links beside it: root in a container may lack the right to follow those.
  const command = process.platform === 'linux' ? read(`/proc/${pid}/cmdline`)?.split('\0') : psCommand(pid);
  if (command === undefined) return exists(pid) ? undefined : false;
  return /^postgres(\.exe)?$/.test(basename(command[0] ?? '')) && command.includes(folder);
}

/** Waits, for 5 s at most, until also none of the processes that served connections is left of a killed server. */
async function untilDeserted(name: string): Promise<void> {
  if (process.platform !== 'linux') return;
  for (let waited = 0; waited < 5_000; waited += 20) {
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    if (!pids.some((pid) => read(`/proc/${pid}/cmdline`)?.startsWith(`postgres: ${name}: `))) return;
    await delay(20);
  }
  throw new CannotStart(`processes of an earlier PostgreSQL (${name}) do not end: end them by hand`);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parentOf(pid: number): number {
  // Fields after the name in parentheses: state, parent.
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat === undefined ? ps(pid, 'ppid') : /.*\) \S+ (\d+)/s.exec(stat)?.[1]);
}

/** Elsewhere than on Linux the words of a command are not kept apart: split at what we start a server with. */
function psCommand(pid: number): string[] | undefined {
  return ps(pid, 'command')?.split(/ (?:-D|-p|-c) /);
}

function ps(pid: number, field: 'command' | 'ppid'): string | undefined {
  try {
    const options = { encoding: 'utf8', timeout: 5_000 } as const;
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], options).trim();
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
