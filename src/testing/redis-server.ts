import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from './free-port';

const TIMEOUT_MS = 10_000;
const DUMP = 'dump.rdb';

/** A Redis server of a test's own, which it may stop, kill and start again on the same port. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Writes its present data where a restart finds them. */
  snapshot(): Promise<void>;
  /** Ends it for good; its data are gone. */
  stop(): Promise<void>;
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>;
  /** Ends it if it runs, and starts it: empty, or with the data of the last `snapshot()`. */
  restart(options?: { readonly keepData?: boolean }): Promise<void>;
}

/** The path of a Redis or Valkey server on this machine, if there is one. */
export function findRedisServer(): string | undefined {
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // the next one
      }
    }
  }
  return undefined;
}

/** Starts an empty server on a free port of the loopback address. Throws if none is installed. */
export async function startRedisServer(): Promise<RedisServer> {
  const program = findRedisServer();
  if (program === undefined) throw new Error('there is no redis-server and no valkey-server');
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-redis-'));
  const port = await freePort();
  let server = await launch(program, port, dir);
  const atExit = () => server.kill('SIGKILL');
  process.once('exit', atExit);
  const end = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL'); // it keeps nothing that it would have to write
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    snapshot: () => command(port, 'SAVE'),
    async stop() {
      await end();
      process.off('exit', atExit);
      rmSync(dir, { recursive: true, force: true });
    },
    kill: end,
    async restart({ keepData = false } = {}) {
      await end();
      if (!keepData) rmSync(join(dir, DUMP), { force: true });
      server = await launch(program, port, dir);
    },
  };
}

async function launch(program: string, port: number, dir: string): Promise<ChildProcess> {
  const settings = { bind: '127.0.0.1', port, dir, dbfilename: DUMP, save: '', appendonly: 'no' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const fail = () => {
      server.kill('SIGKILL');
      reject(new Error(`${program} did not start: ${output}`));
    };
    const timer = setTimeout(fail, TIMEOUT_MS);
    server.once('error', reject).once('exit', fail);
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000);
      if (!output.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      server.off('exit', fail);
      resolve();
    });
  });
  return server;
}

/** One command without arguments; throws unless the server answers OK. */
async function command(port: number, name: string): Promise<void> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8').setTimeout(TIMEOUT_MS);
  try {
    const answer = new Promise<string>((resolve, reject) => {
      socket.once('data', (text) => resolve(String(text))).once('error', reject);
      socket.once('timeout', () => reject(new Error(`no answer to ${name}`)));
    });
    socket.write(`${name}\r\n`);
    if (!(await answer).startsWith('+OK')) throw new Error(`${name}: ${await answer}`);
  } finally {
    socket.destroy();
  }
}
