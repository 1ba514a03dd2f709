import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** PostgreSQL's own lock file: the server's process and, in its spelling, its data folder. */
export interface Lock {
  readonly pid: number;
  readonly folder: string;
  /** Undefined until it has taken one. */
  readonly port: number | undefined;
  /** It takes connections. */
  readonly ready: boolean;
}

export function readLock(dataDir: string): Lock | undefined {
  const lines = (readIfThere(join(dataDir, 'postmaster.pid')) ?? '').split('\n').map((line) => line.trim());
  // Process, folder, time of start, port, socket folder, address, shared memory, state.
  const [pid, folder, , port, , , , state] = lines;
  if (!(Number(pid) > 1 && folder)) return undefined;
  return { pid: Number(pid), folder, port: Number(port) || undefined, ready: state === 'ready' };
}

/** Whether the process is a PostgreSQL that was started on that folder; undefined if that cannot be seen. */
export function isServer({ pid, folder }: Lock): boolean | undefined {
  if (!exists(pid)) return false;
  // Readable to everybody, unlike the links beside it: root in a container may lack the right to follow those.
  const command =
    process.platform === 'linux' ? readIfThere(`/proc/${pid}/cmdline`)?.split('\0') : psCommand(pid);
  if (command === undefined) return exists(pid) ? undefined : false;
  return /^postgres(\.exe)?$/.test(basename(command[0] ?? '')) && command.includes(folder);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export function parentOf(pid: number): number {
  // Fields after the name in parentheses: state, parent.
  const stat = readIfThere(`/proc/${pid}/stat`);
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

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
