import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How a server's command line names the process that started it; PostgreSQL keeps that line in `postmaster.opts`. */
export const starterName = (pid: number) => `tollgate-${pid}`;

/**
 * A starter that was killed leaves its PostgreSQL running. Ends such an orphan on this data folder, so that the data
 * can be opened again. Throws if the server is in use by a starter that lives. Touches no other process.
 */
export async function endOrphan(dataDir: string): Promise<void> {
  const pid = lockedBy(dataDir);
  if (pid === undefined) return;
  if (!isServerOf(pid, dataDir)) {
    // The server has ended. Had its number gone to a stranger, or were it dead and not collected (a container without
    // an init), PostgreSQL would take it for alive by its lock and refuse to start.
    await untilDeserted(dataDir);
    rmSync(join(dataDir, 'postmaster.pid'), { force: true });
    return;
  }
  const starter = starterOf(dataDir);
  if (starter !== undefined && parentOf(pid) === starter) {
    throw new Error(
      `the data in ${dataDir} are in use by another run (process ${starter}): end that one first`,
    );
  }
  for (const [signal, patienceMs] of [
    ['SIGINT', 10_000], // ends connections, writes a checkpoint
    ['SIGQUIT', 5_000], // at once; the next start recovers from the log
  ] as const) {
    process.kill(pid, signal);
    if (await hasEnded(pid, patienceMs)) return;
  }
  throw new Error(`the PostgreSQL of an earlier run (process ${pid}) does not end: end it by hand`);
}

/** The process that holds the data folder, by PostgreSQL's own lock file. */
function lockedBy(dataDir: string): number | undefined {
  const pid = Number.parseInt(read(join(dataDir, 'postmaster.pid')) ?? '', 10);
  return pid > 1 ? pid : undefined;
}

function starterOf(dataDir: string): number | undefined {
  const match = /cluster_name=tollgate-(\d+)/.exec(read(join(dataDir, 'postmaster.opts')) ?? '');
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

function isAlive(pid: number): boolean {
  // One that has ended and that nobody has collected (a container without an init) still has its number.
  if (/.*\) Z /s.test(read(`/proc/${pid}/stat`) ?? '')) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function hasEnded(pid: number, patienceMs: number): Promise<boolean> {
  for (let waited = 0; waited < patienceMs; waited += 20) {
    if (!isAlive(pid)) return true;
    await delay(20);
  }
  return !isAlive(pid);
}

/** Waits, for 5 s at most, until also no process that served connections there is left of a killed server. */
async function untilDeserted(dataDir: string): Promise<void> {
  if (process.platform !== 'linux') return;
  for (let waited = 0; waited < 5_000; waited += 20) {
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    if (!processes.some((pid) => isServerOf(Number(pid), dataDir))) return;
    await delay(20);
  }
  throw new Error(`processes of an earlier PostgreSQL still work on ${dataDir}: end them by hand`);
}

/** A server makes its data folder its working folder. */
function isServerOf(pid: number, dataDir: string): boolean {
  if (process.platform === 'linux') {
    try {
      const program = basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
      return program === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDir);
    } catch {
      return false; // not ours to look at, so not ours
    }
  }
  const command = ps(pid, 'command') ?? '';
  return command.includes('postgres') && command.includes(dataDir);
}

function parentOf(pid: number): number | undefined {
  // Fields after the name in parentheses: state, parent.
  const stat = read(`/proc/${pid}/stat`);
  const parent = stat === undefined ? ps(pid, 'ppid') : /.*\) \S+ (\d+)/s.exec(stat)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

function ps(pid: number, field: 'command' | 'ppid'): string | undefined {
  try {
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 5_000,
    }).trim();
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
