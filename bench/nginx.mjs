import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './service.mjs';

const DEPLOYED = join(import.meta.dirname, '..', 'deploy', 'nginx', 'forward-auth.conf');
const START_MS = 5_000;
const STOP_MS = 10_000;
/** Debian keeps it where only root's PATH leads. */
const BINARIES = process.env.NGINX ? [process.env.NGINX] : ['nginx', '/usr/sbin/nginx'];

/** The nginx there is and its version; undefined if there is none. `NGINX` names another binary. */
export function findNginx() {
  for (const binary of BINARIES) {
    const { status, stderr } = spawnSync(binary, ['-v'], { encoding: 'utf8', timeout: START_MS });
    if (status === 0) return { binary, version: stderr.trim().replace('nginx version: ', '') };
  }
  return undefined;
}

/**
 * Starts nginx with `deploy/nginx/forward-auth.conf` between a Tollgate and a product on these ports of the loopback,
 * after `nginx -t`. Rejects with what nginx says against it.
 */
export async function startNginx({ binary }, { tollgatePort, productPort }) {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-nginx-'));
  // Started by root, the workers run as another user, who keeps bodies in there.
  chmodSync(dir, 0o711);
  const config = join(dir, 'nginx.conf');
  const errorLog = join(dir, 'error.log');
  writeFileSync(config, wrapped(dir, rendered({ port, tollgatePort, productPort })));
  const options = ['-p', dir, '-e', errorLog, '-c', config];
  const tested = spawnSync(binary, [...options, '-t'], { encoding: 'utf8', timeout: START_MS });
  if (tested.status !== 0) {
    rmSync(dir, { recursive: true, force: true });
    throw new Error(`nginx -t: ${tested.error?.message ?? tested.stderr}`);
  }

  const child = spawn(binary, options, { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  const errors = () => readFileSync(errorLog, 'utf8');
  const nginx = {
    port,
    /** What it has logged so far, from `error` up. */
    errors,
    async stop() {
      const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(overdue);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  const deadline = performance.now() + START_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      const said = errors();
      await nginx.stop();
      throw new Error(`nginx does not listen:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return nginx;
}

/** The deployed file with addresses of this run, and nothing else changed. */
function rendered({ port, tollgatePort, productPort }) {
  const changes = [
    ['listen 80;', `listen 127.0.0.1:${port};`],
    ['server 127.0.0.1:3000;', `server 127.0.0.1:${tollgatePort};`],
    ['server 127.0.0.1:4000;', `server 127.0.0.1:${productPort};`],
  ];
  return changes.reduce(
    (text, [from, to]) => {
      if (text.split(from).length !== 2) throw new Error(`${DEPLOYED} should have "${from}" once`);
      return text.replace(from, to);
    },
    readFileSync(DEPLOYED, 'utf8'),
  );
}

/** What a distribution's nginx.conf has around it, with all files in `dir`. */
function wrapped(dir, site) {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${join(dir, name)};`,
  );
  return `daemon off;
worker_processes 1;
pid ${join(dir, 'nginx.pid')};
events { worker_connections 1024; }
http {
  access_log off;
${paths.join('\n')}
${site}}
`;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (there) => {
      socket.destroy();
      resolve(there);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
