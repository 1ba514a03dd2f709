import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../bench/service.mjs';

const START_MS = 10_000;

/**
 * The Redis of `REDIS_URL`, or a server of our own on a free port; where neither is to be had, `url` is empty and the
 * service keeps its state in the process. One of our own can be paused: until the milliseconds are over it answers nothing.
 */
export async function openRedis() {
  const given = process.env.REDIS_URL;
  if (given) return { url: given, what: 'the Redis of REDIS_URL', stop: async () => {} };
  const program = ['redis-server', 'valkey-server'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  );
  if (program === undefined) {
    return { url: '', what: 'in-process stores: no redis-server was found', stop: async () => {} };
  }
  const [, version] = /v=([\d.]+)/.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout) ?? [];
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-artillery-redis-'));
  const settings = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--dir',
    dir,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const server = spawn(program, settings, { stdio: ['ignore', 'pipe', 'ignore'] });
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  await new Promise((resolve, reject) => {
    let printed = '';
    const fail = () => reject(new Error(`${program} did not start: ${printed}`));
    const timer = setTimeout(fail, START_MS);
    server.once('error', reject).once('exit', fail);
    server.stdout.setEncoding('utf8').on('data', (text) => {
      printed = (printed + text).slice(-4_000);
      if (!printed.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      server.off('exit', fail);
      resolve();
    });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    what: `${program} ${version}`,
    async pause(milliseconds) {
      server.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      server.kill('SIGCONT');
    },
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      kill(); // it keeps nothing that it would have to write
      await ended;
      process.off('exit', kill);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
