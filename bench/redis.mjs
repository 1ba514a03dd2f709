import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './service.mjs';

const START_MS = 10_000;

/** The Redis or Valkey server of this machine, `REDIS_SERVER` if that names one; undefined if there is none. */
export function findRedis() {
  const names = process.env.REDIS_SERVER ? [process.env.REDIS_SERVER] : ['redis-server', 'valkey-server'];
  for (const program of names) {
    const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    if (status === 0) return { program, version: /v=([\d.]+)/.exec(stdout)?.[1] };
  }
  return undefined;
}

/** An empty Redis of our own on the loopback, which keeps nothing on disk. Rejects where there is none, or it does not start. */
export async function startRedis() {
  const found = findRedis();
  if (found === undefined) throw new Error('there is no redis-server and no valkey-server');
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-redis-'));
  const port = await freePort();
  const settings = { bind: '127.0.0.1', port, dir, save: '', appendonly: 'no' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn(found.program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => server.once('close', resolve));
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    kill(); // it has nothing to write
    await ended;
    process.off('exit', kill);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await new Promise((resolve, reject) => {
      let printed = '';
      const fail = () => reject(new Error(`${found.program} did not start:\n${printed}`));
      const timer = setTimeout(fail, START_MS);
      ended.then(fail);
      server.stdout.setEncoding('utf8').on('data', (text) => {
        printed = (printed + text).slice(-4_000);
        if (!printed.includes('Ready to accept connections')) return;
        clearTimeout(timer);
        resolve();
      });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...found,
    url: `redis://127.0.0.1:${port}`,
    /** It answers no more, as one that hangs. */
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
    stop,
  };
}
