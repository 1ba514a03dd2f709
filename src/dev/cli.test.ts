import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BuiltService, runBuilt } from '../testing/built-service';
import { describedFetch } from '../testing/described-fetch';
import { freePort } from '../testing/free-port';
import { readLock } from './postgres-lock';

describe('the command line in development', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
  // As root, PostgreSQL runs as another user, who has to get in.
  chmodSync(dataDir, 0o711);
  let env: NodeJS.ProcessEnv;
  let service: BuiltService | undefined;

  beforeAll(async () => {
    env = {
      PORT: String(await freePort()),
      INBOX_PORT: String(await freePort()),
      BCRYPT_COST: '4',
      LOG_LEVEL: 'warn',
    };
  });
  afterAll(async () => {
    service?.child.kill('SIGTERM');
    await service?.ended;
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);

  const run = async (...args: readonly string[]) => {
    const built = runBuilt('dev/cli.js', env, [...args, `--data-dir=${dataDir}`]);
    return { code: await built.ended, output: built.output() };
  };
  const call = (path: string, body?: unknown, token?: string) =>
    describedFetch(`http://localhost:${env['PORT']}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  /** Asks until the running service has noticed. */
  const seenBy = async (token: string, wanted: (response: Response) => boolean | Promise<boolean>) => {
    for (let waited = 0; waited < 10_000; waited += 100) {
      if (await wanted(await call('/users/me', undefined, token))) return;
      await delay(100);
    }
    throw new Error('the running service has not noticed');
  };

  it('says what to do where the service has never run, and leaves no server behind', async () => {
    const { code, output } = await run('promote', 'ada@example.com');
    expect([code, output]).toEqual([1, expect.stringContaining('start the service once')]);
    expect(readLock(join(dataDir, 'postgres'))).toBeUndefined();
  }, 90_000);

  it('makes an account that the running service knows, and ends its sessions there', async () => {
    service = runBuilt('dev/main.js', env, [`--data-dir=${dataDir}`]);
    await service.printed('Tollgate is ready.');
    const email = 'ada@example.com';
    const created = await run('create', '--email', email, '--json');
    expect(created.code).toBe(0);
    const { resetToken } = JSON.parse(created.output);
    const newPassword = 'violet-lantern-4711';
    expect((await call('/auth/password/reset', { resetToken, newPassword })).status).toBe(204);
    const logIn = async () => {
      const response = await call('/auth/login', { email, password: newPassword });
      return ((await response.json()) as { accessToken: string }).accessToken;
    };
    const token = await logIn();
    expect((await run('promote', email)).code).toBe(0);
    await seenBy(token, async (response) => ((await response.json()) as { role: string }).role === 'ADMIN');
    expect((await run('disable', email)).code).toBe(0);
    await seenBy(token, ({ status }) => status === 401);
    expect((await run('enable', email)).code).toBe(0);
    const [one, other] = [await logIn(), await logIn()];
    expect((await run('revoke-all', '--everybody', '--yes')).code).toBe(0);
    for (const each of [one, other]) await seenBy(each, ({ status }) => status === 401);
  }, 120_000);

  it('goes on without the service, over the same data', async () => {
    service?.child.kill('SIGTERM');
    expect(await service?.ended).toBe(0);
    const { code, output } = await run('enable', 'ada@example.com');
    expect([code, output]).toEqual([0, expect.stringContaining('ada@example.com (')]);
  }, 60_000);
});
