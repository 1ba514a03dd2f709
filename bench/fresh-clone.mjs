// How long a stranger waits: a fresh clone of HEAD into a new folder, `npm start` there until it answers, once more, and
// `npm test`.
//
//   npm run bench:fresh-clone
//
// Ends with code 1 if a figure is over its bound.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'tollgate-clone-'));
const clone = join(folder, 'tollgate');
const env = { ...process.env, PORT: '3977', INBOX_PORT: '8977', LOG_LEVEL: 'error' };
let failed = false;

try {
  execFileSync('git', ['clone', '--quiet', root, clone]);
  report('npm start, install included', await timeToReady(), 120);
  report('npm start again', await timeToReady(), 10);
  const begun = performance.now();
  const code = await run(['test', '--silent'], 'inherit').ended;
  report(`npm test (exit code ${code})`, (performance.now() - begun) / 1000, 300);
  failed ||= code !== 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

function report(what, seconds, bound) {
  const ok = seconds <= bound;
  failed ||= !ok;
  console.log(`${what}: ${seconds.toFixed(1)} s (bound ${bound} s) ${ok ? 'ok' : 'TOO LONG'}`);
}

/** Starts, asks until it is ready, stops. Seconds. */
async function timeToReady() {
  const begun = performance.now();
  const service = run(['start'], 'ignore');
  try {
    for (;;) {
      const ready = await fetch(`http://localhost:${env.PORT}/health/ready`).catch(() => undefined);
      if (ready?.ok) return (performance.now() - begun) / 1000;
      if (performance.now() - begun > 300_000) throw new Error('not ready within 5 minutes');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    service.child.kill('SIGTERM');
    await service.ended;
  }
}

function run(args, stdio) {
  const child = spawn('npm', args, { cwd: clone, env, stdio: ['ignore', stdio, 'inherit'] });
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
}
