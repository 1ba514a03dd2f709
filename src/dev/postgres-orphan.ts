import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CannotStart } from '../cannot-start';
import { isServer, parentOf, readIfThere, readLock } from './postgres-lock';

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
  const name = /cluster_name=(tollgate-(\d+)-\w+)/.exec(readIfThere(join(dataDir, 'postmaster.opts')) ?? '');
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

/** Waits, for 5 s at most, until also none of the processes that served connections is left of a killed server. */
async function untilDeserted(name: string): Promise<void> {
  if (process.platform !== 'linux') return;
  for (let waited = 0; waited < 5_000; waited += 20) {
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    if (!pids.some((pid) => readIfThere(`/proc/${pid}/cmdline`)?.startsWith(`postgres: ${name}: `))) return;
    await delay(20);
  }
  throw new CannotStart(`processes of an earlier PostgreSQL (${name}) do not end: end them by hand`);
}
