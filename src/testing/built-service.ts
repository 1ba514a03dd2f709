import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const DIST = join(__dirname, '..', '..', 'dist');

/** A process of the built service, with what it has printed so far. */
export interface BuiltService {
  readonly child: ChildProcess;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  output(): string;
  /** Waits for a text on standard output or error; rejects when the process ends first or after 60 s. */
  printed(text: string): Promise<void>;
}

export type BuiltEntry =
  | 'main.js'
  | 'cli/main.js'
  | 'doctor/main.js'
  | 'audit-verify/main.js'
  | 'dev/main.js'
  | 'dev/cli.js'
  | 'dev/doctor.js'
  | 'dev/audit-verify.js';

/** Runs an entry of the build, as `npm start` does. The environment is `env` alone, and the PATH. */
export function runBuilt(
  entry: BuiltEntry,
  env: NodeJS.ProcessEnv,
  args: readonly string[] = [],
): BuiltService {
  const path = join(DIST, entry);
  if (!existsSync(path))
    throw new Error('this test runs the build: npm run build makes it, npm test does so by itself');
  const child = spawn(process.execPath, [path, ...args], { env: { PATH: process.env['PATH'], ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    child,
    ended,
    output: () => output,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!output.includes(text)) return;
          clearTimeout(timer);
          resolve();
        };
        const fail = (why: string) =>
          reject(new Error(`${why} before it printed ${JSON.stringify(text)}:\n${output}`));
        const timer = setTimeout(() => fail('60 s went by'), 60_000);
        for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
        void ended.then(() => {
          clearTimeout(timer);
          fail('the process ended');
        });
        look();
      }),
  };
}
