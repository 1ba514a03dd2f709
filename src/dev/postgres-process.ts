import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { parse } from 'node:path';
import type { Account } from './postgres-account';

/** Of what the program last said, for error messages. */
const KEPT_OUTPUT = 4_000;

/** A program of PostgreSQL's that is running. */
export interface PostgresProcess {
  readonly child: ChildProcess;
  /** The end of what it said. */
  output(): string;
}

/** Starts a program of PostgreSQL's as the account. `onOutput` is called with each piece of what it says. */
export function spawnPostgres(
  program: string,
  args: readonly string[],
  account: Account | undefined,
  onOutput: (text: string) => void = () => {},
): PostgresProcess {
  const child = spawn(program, args, {
    ...account,
    // Our own working folder may be closed to the account.
    cwd: parse(program).root,
    // Its settings come from the command line alone, and our secrets are none of its business.
    env: process.platform === 'win32' ? process.env : { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['pipe', 'pipe', 'pipe'],
    // In a group of its own: an interrupt from the terminal must not end it while requests are being finished.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT);
      onOutput(text);
    });
  }
  child.stdin.on('error', () => {}); // it ended before it had read all
  child.on('error', (error) => {
    output += error.message;
  });
  return { child, output: () => output.trim() };
}

/** Runs a program to its end, feeding it `input`. Throws with what it said if it fails or takes longer than a minute. */
export async function runPostgres(
  program: string,
  args: readonly string[],
  account: Account | undefined,
  input = '',
): Promise<void> {
  const { child, output } = spawnPostgres(program, args, account);
  child.stdin?.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${program} failed (${code}): ${output()}`);
}

/**
 * Ends a server: first letting it end its connections and write a checkpoint, then, where that takes longer than 10 s,
 * at once (the next start recovers from its log).
 */
export async function endServer(child: ChildProcess): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(patienceMs) }).catch(() => {});
    child.kill(signal);
    await ended;
  }
}
