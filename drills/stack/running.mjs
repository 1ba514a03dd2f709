import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';

const START_MS = 60_000;
const STOP_MS = 20_000;
const LOOK_MS = 100;

/**
 * Starts a program, and waits until `ready()` holds. What it prints goes to the file `log`. Rejects with that if it ends
 * before or is not ready within a minute.
 */
export async function start(name, binary, args, { ready, log, ...options }) {
  const output = openSync(log, 'a');
  const child = spawn(binary, args, { stdio: ['ignore', output, output], ...options });
  let ended = false;
  const end = new Promise((resolve) => {
    const settle = () => {
      ended = true;
      resolve();
    };
    child.once('exit', settle).once('error', settle);
  });
  const running = {
    log: () => readFileSync(log, 'utf8'),
    signal: (signal) => child.kill(signal),
    async stop() {
      if (ended) return;
      const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.kill('SIGTERM');
      await end;
      clearTimeout(overdue);
    },
  };
  if (await until(() => ended || ready(), START_MS)) {
    if (!ended) return running;
  }
  await running.stop();
  throw new Error(`${name} does not run:\n${running.log().slice(-3000)}`);
}

/** Whether this comes to hold in time; what throws does not hold yet. */
export async function until(holds, milliseconds) {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    try {
      if (await holds()) return true;
    } catch {
      // not yet
    }
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** A deployed text with addresses of this run in place of those in it, each of which must be there once. */
export function rendered(name, text, changes) {
  return changes.reduce((rest, [from, to]) => {
    if (rest.split(from).length !== 2) throw new Error(`${name} should have "${from}" once`);
    return rest.replace(from, () => to);
  }, text);
}
