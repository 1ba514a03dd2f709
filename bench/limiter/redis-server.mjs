import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../service.mjs';

const START_MS = 10_000;
const STOP_MS = 10_000;

/**
 * Starts an empty Redis of the bench's own on the loopback, which writes nothing to the disk. `REDIS_SERVER` names
 * another binary, as `valkey-server`. Rejects if it is not ready in time.
 */
export async function startRedis() {
  const binary = process.env.REDIS_SERVER ?? 'redis-server';
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-bench-redis-'));
  const port = await freePort();
  const settings = { bind: '127.0.0.1', port, dir, save: '', appendonly: 'no' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => {
    child.once('exit', (code) => resolve(`ended with code ${code}`));
    child.once('error', ({ message }) => resolve(message));
  });
  const atExit = () => child.kill('SIGKILL');
  process.once('exit', atExit);
  const stop = async () => {
    const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(overdue);
    process.off('exit', atExit);
    rmSync(dir, { recursive: true, force: true });
  };
  let printed = '';
  try {
    await new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${binary}: ${why}\n${printed}`));
      setTimeout(() => fail('not ready in time'), START_MS).unref();
      ended.then(fail);
      child.stdout.setEncoding('utf8').on('data', (text) => {
        printed = (printed + text).slice(-4_000);
        if (printed.includes('Ready to accept connections')) resolve();
      });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `redis://127.0.0.1:${port}`, stop };
}
