import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { type BuiltService, runBuilt } from '../testing/built-service';
import { describedFetch } from '../testing/described-fetch';
import { freePort } from '../testing/free-port';
import { asAdmin, createTestDatabase } from '../testing/test-database';
import { findRedisServer, type RedisServer, startRedisServer } from '../testing/test-redis';

const secret = () => randomBytes(32).toString('base64url');

const settings = (): NodeJS.ProcessEnv => ({
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  DATABASE_URL: 'postgresql://tollgate:hunter2@127.0.0.1:1/tollgate',
  REDIS_URL: 'redis://:hunter3@127.0.0.1:1',
  SMTP_URL: 'smtp://127.0.0.1:1',
  BASE_URL: 'http://127.0.0.1:3000',
  JWT_SECRET: secret(),
  SECRET_KEYS: secret(),
  PASSWORD_PEPPER: secret(),
  METRICS_TOKEN: secret(),
  BCRYPT_COST: '10',
});

async function run(env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const built = runBuilt('cli/main.js', env, args);
  const code = await built.ended;
  return { code, output: built.output() };
}

/** A server that takes connections and never says a word. */
async function silentServer(): Promise<{ readonly server: Server; readonly port: number }> {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port };
}

describe('the command line of production', () => {
  it('ends with 2 over what it does not understand, and with 1 over settings that are missing', async () => {
    const misused = await run({}, 'destroy');
    expect([misused.code, misused.output]).toEqual([2, expect.stringContaining('there is no such command')]);
    const unset = await run({ NODE_ENV: 'production' }, 'allowlist', 'clear');
    expect([unset.code, unset.output]).toEqual([1, expect.stringContaining('DATABASE_URL: is needed')]);
    expect(unset.output).not.toMatch(/ {4}at /);
  }, 60_000);

  it('needs no setting to make secrets', async () => {
    const { code, output } = await run({}, 'keys', 'new', '--json');
    expect([code, Object.keys(JSON.parse(output).settings)]).toEqual([
      0,
      expect.arrayContaining(['SECRET_KEYS']),
    ]);
  }, 60_000);

  it('says in plain words that the database is away or silent', async () => {
    const { server, port } = await silentServer();
    for (const at of ['127.0.0.1:1', `127.0.0.1:${port}`]) {
      const env = { ...settings(), DATABASE_URL: `postgresql://tollgate:hunter2@${at}/tollgate` };
      const { code, output } = await run(env, 'allowlist', 'clear');
      expect([code, output]).toEqual([1, expect.stringMatching(/^PostgreSQL does not answer/)]);
      expect(output).not.toMatch(/hunter| {4}at /);
    }
    server.close();
  }, 60_000);

  it('says in plain words that the database has no tables, or older ones', async () => {
    const database = await createTestDatabase();
    const env = { ...settings(), DATABASE_URL: database.url };
    await asAdmin(database.url, ['ALTER TABLE users DROP COLUMN disabled_reason']);
    const older = await run(env, 'promote', 'ada@example.com');
    await asAdmin(database.url, ['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public']);
    for (const { code, output } of [
      older,
      await run(env, 'promote', 'ada@example.com'),
      await run(env, 'create', '--email', 'ada@example.com'),
      await run(env, 'keys', 'show'),
    ]) {
      expect([code, output]).toEqual([1, expect.stringMatching(/^The database lacks/)]);
    }
    await database.drop();
  }, 60_000);
});

describe('the command line beside a running service', () => {
  // The global setup has said so.
  if (findRedisServer() === undefined) return;
  let redis: RedisServer;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let env: NodeJS.ProcessEnv;
  let service: BuiltService;
  const password = secret();

  beforeAll(async () => {
    redis = await startRedisServer();
    database = await createTestDatabase();
    const port = String(await freePort());
    env = {
      ...settings(),
      PORT: port,
      BASE_URL: `http://127.0.0.1:${port}`,
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      ADMIN_EMAIL: 'ops@example.org',
      ADMIN_PASSWORD: password,
    };
    service = runBuilt('main.js', env);
    await service.printed('"serving"');
  }, 60_000);
  afterAll(async () => {
    service.child.kill('SIGTERM');
    await service.ended;
    await database.drop();
    await redis.stop();
  }, 30_000);

  async function call(method: string, path: string, body?: unknown, token?: string) {
    const response = await describedFetch(`${env['BASE_URL']}/api/v1${path}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  it('makes an account, changes its standing, and ends its sessions at once', async () => {
    const email = 'ada@example.org';
    const created = await run(env, 'create', '--email', email, '--json');
    expect(created.code).toBe(0);
    const { resetToken } = JSON.parse(created.output);
    const set = { resetToken, newPassword: 'violet-lantern-4711' };
    expect((await call('POST', '/auth/password/reset', set)).status).toBe(204);
    const login = { email, password: 'violet-lantern-4711' };
    const { accessToken } = (await call('POST', '/auth/login', login)).body;
    expect((await run(env, 'promote', email)).code).toBe(0);
    expect((await call('GET', '/users/me', undefined, accessToken)).body.role).toBe('ADMIN');
    expect((await run(env, 'demote', 'ops@example.org')).code).toBe(0);
    const last = await run(env, 'demote', email);
    expect([last.code, last.output]).toEqual([1, 'This is the last active admin. Make another first.\n']);
    expect((await run(env, 'promote', 'ops@example.org')).code).toBe(0);
    expect((await run(env, 'disable', email)).code).toBe(0);
    expect((await call('GET', '/users/me', undefined, accessToken)).status).toBe(401);
    expect((await call('POST', '/auth/login', login)).status).toBe(403);
    expect((await run(env, 'enable', email)).code).toBe(0);
    const again = (await call('POST', '/auth/login', login)).body;
    expect((await run(env, 'revoke-all', '--everybody', '--yes')).code).toBe(0);
    expect((await call('GET', '/users/me', undefined, again.accessToken)).status).toBe(401);
  }, 120_000);

  it('says that Redis is away, and has then changed nothing; what needs none goes on', async () => {
    const away = { ...env, REDIS_URL: 'redis://127.0.0.1:1' };
    const { code, output } = await run(away, 'disable', 'ops@example.org');
    expect([code, output]).toEqual([1, expect.stringMatching(/^Redis does not answer/)]);
    const login = await call('POST', '/auth/login', { email: 'ops@example.org', password });
    expect(login.status).toBe(200);
    expect((await run(away, 'allowlist', 'clear')).code).toBe(0);
  }, 60_000);
});
