import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../scripts/prepare.mjs';

const START_MS = 60_000;

/**
 * Builds if need be, and starts the service as a developer does, on free ports and with data of its own.
 * `env` adds settings. Rejects if it is not ready within a minute.
 */
export async function startService(env = {}) {
  await prepare({ build: true });
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  // Started by root, PostgreSQL runs as another user, who has to get in.
  chmodSync(dataDir, 0o711);
  const [port, inboxPort] = await Promise.all([freePort(), freePort()]);
  const child = spawn(process.execPath, ['dist/dev/main.js', `--data-dir=${dataDir}`], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, PORT: String(port), INBOX_PORT: String(inboxPort), LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => {
    let printed = '';
    const timer = setTimeout(() => reject(new Error(`not ready in time:\n${printed}`)), START_MS);
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      if (!printed.includes('Tollgate is ready.')) return;
      clearTimeout(timer);
      resolve();
    });
    ended.then((code) => reject(new Error(`ended with code ${code}:\n${printed}`)));
  });
  return {
    baseUrl: `http://localhost:${port}`,
    api: `http://localhost:${port}/api/v1`,
    inbox: `http://localhost:${inboxPort}`,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The newest mail to this address, as soon as it has arrived. */
export async function mailTo(service, email) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const mails = await (await fetch(`${service.inbox}/api/messages`)).json();
    const mail = mails.find(({ to }) => [to].flat().join().includes(email));
    if (mail) return mail;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail to ${email} within 10 s`);
}

/** Registers and verifies an account over HTTP. */
export async function signUp(service, user, headers = {}) {
  const registered = await post(service, '/auth/register', user, headers);
  if (registered.status !== 202) throw new Error(`registration answered ${registered.status}`);
  const otp = /^\d{6}$/m.exec((await mailTo(service, user.email)).text)[0];
  const verified = await post(
    service,
    '/otp/verify',
    { email: user.email, purpose: 'verify_email', otp },
    headers,
  );
  if (verified.status !== 200) throw new Error(`verification answered ${verified.status}`);
}

export function post(service, path, body, headers = {}) {
  return fetch(service.api + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** A port of the loopback that nobody listens on, below those that systems give to outgoing connections. */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
