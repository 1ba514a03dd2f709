import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltService, freePort, runBuilt } from '../testing/built-service';

const README = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');

/** As root, PostgreSQL runs as another user, who has to get in. */
function newDataDir(): string {
  const path = mkdtempSync(join(tmpdir(), 'tollgate-dev-'));
  chmodSync(path, 0o711);
  return path;
}

describe('the development entry', () => {
  const dataDir = newDataDir();
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
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);

  const api = () => `http://localhost:${env['PORT']}/api/v1`;
  const logIn = async (email: string, password: string) => {
    const response = await fetch(`${api()}/auth/login`, {
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
    const shell = spawnSync('bash', ['-eu'], { input: script, encoding: 'utf8', timeout: 30_000 });
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
    ]) {
      expect(shell.stdout).toContain(expected);
    }
  }, 40_000);

  it('prints the first admin’s password once, and keeps accounts and sessions over a restart', async () => {
    const password = /password \(shown this once\): (\S+)/.exec(service.output())?.[1] ?? '';
    const login = await logIn('admin@localhost.test', password);
    expect(login.status).toBe(200);
    expect(await stop()).toBe(0);
    await start();
    expect(service.output()).not.toContain('shown this once');
    const me = await fetch(`${api()}/users/me`, {
      headers: { Authorization: `Bearer ${login.body.accessToken}` },
    });
    expect([me.status, ((await me.json()) as { role: string }).role]).toEqual([200, 'ADMIN']);
    expect((await logIn('admin@localhost.test', password)).status).toBe(200);
  }, 90_000);

  it('says that a port is taken, and ends with code 1', async () => {
    const otherData = newDataDir();
    const second = runBuilt('dev/main.js', { ...env, INBOX_PORT: String(await freePort()) }, [
      `--data-dir=${otherData}`,
    ]);
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`Port ${env['PORT']}`);
    const third = runBuilt('dev/main.js', { ...env, PORT: String(await freePort()) }, [
      `--data-dir=${otherData}`,
    ]);
    expect(await third.ended).toBe(1);
    expect(third.output()).toContain('INBOX_PORT');
    rmSync(otherData, { recursive: true, force: true });
  }, 90_000);
});
