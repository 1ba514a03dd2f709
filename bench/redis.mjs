import { spawn } from 'node:child_process';
import { freePort } from './service.mjs';

const START_MS = 10_000;

/** A Redis of our own on the loopback, which keeps nothing on disk. Rejects where no `redis-server` is installed. */
export async function startRedis() {
  const port = await freePort();
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => server.once('close', resolve));
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('redis-server was not ready in time')), START_MS);
    server.once('error', reject).once('exit', () => reject(new Error('redis-server did not start')));
    server.stdout.setEncoding('utf8').on('data', (text) => {
      if (!text.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    /** It answers no more, as one that hangs. */
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
    async stop() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}
