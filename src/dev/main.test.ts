import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltService, runBuilt } from '../testing/built-service';
import { describedFetch } from '../testing/described-fetch';
import { freePort } from '../testing/free-port';

const README = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');

/** As root, PostgreSQL runs as another user, who has to get in. */
function newDataDir(): string {
  const path = mkdtempSync(join(tmpdir(), 'tollgate-dev-'));
  chmodSync(path, 0o711);
  return path;
}

describe('the development entry', () => {
  const dataDir = newDataDir();
  const otherDataDir = newDataDir();
  let env: NodeJS.ProcessEnv;
  let service: BuiltService;

  const start = async () => {
    service = runBuilt('dev/main.js', env, [`--data-dir=${dataDir}`]);
    await service.printed('Tollgate is ready.');
  };
  const stop = async () => {
    service.child.kill('SIGTERM');
    return service.ended;
  };

  beforeAll(async () => {
    env = {
      PORT: String(await freePort()),
      INBOX_PORT: String(await freePort()),
      BCRYPT_COST: '4',
      LOG_LEVEL: 'warn',
    };
    await start();
  }, 90_000);
  afterAll(async () => {
    await stop();
    for (const path of [dataDir, otherDataDir]) rmSync(path, { recursive: true, force: true });
  }, 30_000);

  const adminPassword = () => /password \(shown this once\): (\S+)/.exec(service.output())?.[1] ?? '';
  const api = () => `http://localhost:${env['PORT']}/api/v1`;
  const logIn = async (email: string, password: string) => {
    const response = await describedFetch(`${api()}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    return { status: response.status, body: (await response.json()) as { accessToken: string } };
  };

  it('makes the README’s tour work, pasted into a shell', () => {
    const tour = README.slice(README.indexOf('## A tour'), README.indexOf('## Where things are'));
    const pasted = [...tour.matchAll(/^```sh\n(.*?)^```$/gms)].map((block) => block[1]).join('');
    expect(pasted.split('\n').length).toBeGreaterThan(15);
    const script = pasted
      .replaceAll('localhost:3000', `localhost:${env['PORT']}`)
      .replaceAll('localhost:8025', `localhost:${env['INBOX_PORT']}`);
    const ADMIN_PASSWORD = adminPassword();
    const shell = spawnSync('bash', ['-eu'], {
      input: script,
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, ADMIN_PASSWORD },
    });
    expect(shell.stderr).toBe('');
    expect(shell.status).toBe(0);
    for (const expected of [
      '"message":',
      '{"verified":true}',
      '"email":"ada@example.com"',
      '"current":true',
      'HTTP/1.1 401 Unauthorized',
      'RateLimit-Policy: "global"',
      '\n204\n',
      'invalid_token',
      'If the address can be used',
      '"email":"ada@lovelace.example"',
      '/undo-email-change?token=',
      '2 sessions are held',
      '"status":"disabled"',
      'account_disabled',
      '\nactive\n',
      'would_lock_out',
      '"cidr":"127.0.0.0/8"',
      'authn_login_lock success',
      '"type":"sensitive_read"',
    ]) {
      expect(shell.stdout).toContain(expected);
    }
  }, 70_000);

  it('prints the first admin’s password once, and keeps accounts and sessions over a restart', async () => {
    const password = adminPassword();
    const login = await logIn('admin@localhost.test', password);
    expect(login.status).toBe(200);
    expect(await stop()).toBe(0);
    await start();
    expect(service.output()).not.toContain('shown this once');
    const me = await describedFetch(`${api()}/users/me`, {
      headers: { Authorization: `Bearer ${login.body.accessToken}` },
    });
    expect([me.status, ((await me.json()) as { role: string }).role]).toEqual([200, 'ADMIN']);
    expect((await logIn('admin@localhost.test', password)).status).toBe(200);
  }, 90_000);

  it.each([
    ['INBOX_PORT', 'abc'],
    ['WEB_CONCURRENCY', '2'],
  ])('refuses %s=%s in plain words, before it starts anything', async (name, value) => {
    const refused = runBuilt('dev/main.js', { ...env, [name]: value }, ['--data-dir=/nonexistent/tollgate']);
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toContain(`${name}: `);
    expect(refused.output()).not.toContain('    at ');
  });

  it('does not print a first admin’s password that somebody chose', async () => {
    const password = 'copper-harbour-93';
    const ports = { PORT: String(await freePort()), INBOX_PORT: String(await freePort()) };
    const own = runBuilt('dev/main.js', { ...env, ...ports, ADMIN_PASSWORD: password }, [
      `--data-dir=${otherDataDir}`,
    ]);
    await own.printed('Tollgate is ready.');
    expect(own.output()).toContain('Admin  admin@localhost.test');
    expect(own.output()).not.toContain(password);
    own.child.kill('SIGTERM');
    expect(await own.ended).toBe(0);
  }, 90_000);

  it('says that a port is taken, and ends with code 1', async () => {
    for (const [taken, free] of [
      ['PORT', 'INBOX_PORT'],
      ['INBOX_PORT', 'PORT'],
    ] as const) {
      const other = runBuilt('dev/main.js', { ...env, [free]: String(await freePort()) }, [
        `--data-dir=${otherDataDir}`,
      ]);
      expect(await other.ended).toBe(1);
      expect(other.output()).toContain(taken === 'PORT' ? `Port ${env['PORT']}` : 'INBOX_PORT');
    }
  }, 90_000);
});
