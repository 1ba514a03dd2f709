import { randomBytes } from 'node:crypto';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type BuiltService, runBuilt } from './testing/built-service';
import { assertDescribed, describedFetch } from './testing/described-fetch';
import { freePort } from './testing/free-port';
import { eventually } from './testing/redis-cluster';
import { createTestDatabase } from './testing/test-database';
import { testRedisUrl } from './testing/test-redis';

const secret = () => randomBytes(48).toString('base64url');

describe('the production entry', () => {
  it('refuses to start without its settings, and names them all at once', async () => {
    const service = runBuilt('main.js', { NODE_ENV: 'production', JWT_SECRET: 'secret' });
    expect(await service.ended).toBe(1);
    for (const name of [
      'DATABASE_URL',
      'REDIS_URL',
      'SMTP_URL',
      'BASE_URL',
      'SECRET_KEYS',
      'PASSWORD_PEPPER',
      'METRICS_TOKEN',
      'JWT_SECRET',
    ]) {
      expect(service.output()).toContain(`- ${name}: `);
    }
    expect(service.output()).not.toContain('    at ');
  });

  const redisUrl = testRedisUrl();
  if (redisUrl === undefined) return;

  describe('with two workers', () => {
    let service: BuiltService;
    let base: string;
    let env: NodeJS.ProcessEnv;
    let database: Awaited<ReturnType<typeof createTestDatabase>>;
    const metricsToken = secret();

    const start = async () => {
      service = runBuilt('main.js', env);
      await service.printed('all workers serve');
    };
    const live = (agent?: Agent) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const url = `${base}/health/live`;
        const call = get(url, agent === undefined ? {} : { agent }, (response) => {
          described(url, 'GET', response).then(() => resolve(response), reject);
        });
        call.once('error', reject);
      });

    beforeAll(async () => {
      database = await createTestDatabase();
      const port = String(await freePort());
      base = `http://127.0.0.1:${port}`;
      env = {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: port,
        BASE_URL: base,
        DATABASE_URL: database.url,
        REDIS_URL: redisUrl,
        SMTP_URL: 'smtp://127.0.0.1:1',
        JWT_SECRET: secret(),
        SECRET_KEYS: secret(),
        PASSWORD_PEPPER: secret(),
        METRICS_TOKEN: metricsToken,
        ADMIN_EMAIL: 'ops@example.org',
        ADMIN_PASSWORD: secret(),
        BCRYPT_COST: '10',
        WEB_CONCURRENCY: '2',
      };
    });
    afterEach(() => {
      service.child.kill('SIGKILL');
    });
    afterAll(() => database.drop());

    it('sums the workers’ metrics, answers by either, and ends at SIGTERM with code 0', async () => {
      await start();
      for (let call = 0; call < 20; call++) expect((await live()).statusCode).toBe(200);
      const credentials = { email: env['ADMIN_EMAIL'], password: env['ADMIN_PASSWORD'] };
      const logIn = await describedFetch(`${base}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(credentials),
      });
      expect(logIn.status).toBe(200);
      const headers = { Authorization: `Bearer ${metricsToken}` };
      const metrics = await (await describedFetch(`${base}/metrics`, { headers })).text();
      const told = (series: string) =>
        Number(
          metrics
            .split('\n')
            .find((line) => line.startsWith(`${series} `))
            ?.slice(series.length),
        );
      expect(
        told('http_request_duration_seconds_count{route="/health/live",method="GET",status="200"}'),
      ).toBe(20);
      expect(told('account_funnel_total{stage="first_login"}')).toBe(1);
      // Both workers see the same session, outbox, dependencies and build.
      expect(told('business_kpi_active_users')).toBe(1);
      expect(told('outbox_pending')).toBe(0);
      expect(told('audit_unsealed_events_age_seconds')).toBeLessThan(30);
      expect(told('dependency_up{dependency="postgresql"}')).toBe(1);
      expect(metrics).toMatch(/^tollgate_build_info\{[^}]+\} 1$/m);
      expect(told('process_start_time_seconds')).toBeGreaterThan(1_000_000_000);
      // Each has a queue and connections of its own.
      expect(told('password_hash_queue_capacity')).toBe(256);
      expect(told('postgres_pool_connections{pool="requests",state="total"}')).toBeGreaterThanOrEqual(2);
      service.child.kill('SIGTERM');
      expect(await service.ended).toBe(0);
    }, 60_000);

    it('drains when a signal reaches every process: sends clients away, ends with code 0', async () => {
      await start();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      expect((await live(agent)).headers.connection).toBe('keep-alive');
      const asked = performance.now();
      for (const pid of workersOf(service)) process.kill(pid, 'SIGTERM');
      let answers = 0;
      const calls = async () => {
        while ((await live(agent)).headers.connection !== 'close');
        process.kill(Number(service.child.pid), 'SIGTERM');
        // Until nobody listens any more.
        for (;;) {
          await live(agent);
          answers += 1;
        }
      };
      // Or is reset, where it waits to be accepted when the port closes.
      await expect(calls()).rejects.toMatchObject({ code: expect.stringMatching(/^ECONN(REFUSED|RESET)$/) });
      expect(answers).toBeGreaterThan(5);
      expect(performance.now() - asked).toBeGreaterThan(400);
      agent.destroy();
      expect(await service.ended).toBe(0);
      expect(performance.now() - asked).toBeLessThan(5_000);
    }, 60_000);

    it('has every worker learn of a limit that was changed by one', async () => {
      await start();
      const api = `${base}/api/v1`;
      const sent = (method: string, body: object, token = '') => ({
        method,
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      });
      const login = { email: env['ADMIN_EMAIL'], password: env['ADMIN_PASSWORD'] };
      const answer = await describedFetch(`${api}/auth/login`, sent('POST', login));
      const { accessToken } = (await answer.json()) as { accessToken: string };
      const change = { capacity: 7, mode: 'enforce' };
      const changed = await describedFetch(`${api}/admin/limits/guest`, sent('PATCH', change, accessToken));
      expect(await changed.json()).toMatchObject({ name: 'guest', capacity: 7 });
      // A connection of its own each: the workers take turns.
      const told = () =>
        new Promise<unknown>((resolve, reject) => {
          const url = `${api}/auth/guest`;
          const call = request(url, { method: 'POST', agent: false }, (response) => {
            described(url, 'POST', response).then(
              () => resolve(response.headers['ratelimit-policy']),
              reject,
            );
          });
          call.once('error', reject).end();
        });
      await eventually(async () => {
        for (let turn = 0; turn < 4; turn++) expect(await told()).toContain('"guest";q=7;');
      });
      service.child.kill('SIGTERM');
      expect(await service.ended).toBe(0);
    }, 60_000);

    it('replaces a worker that dies', async () => {
      await start();
      const [first] = workersOf(service);
      process.kill(Number(first), 'SIGKILL');
      await service.printed('it is replaced');
      expect((await live()).statusCode).toBe(200);
      service.child.kill('SIGTERM');
      expect(await service.ended).toBe(0);
    }, 60_000);

    it.each([
      ['a password that cannot be used', { ADMIN_PASSWORD: 'qwertyuiopas' }, 'ADMIN_PASSWORD cannot be used'],
      [
        'no database',
        { DATABASE_URL: 'postgresql://user:hunter2@127.0.0.1:1/x' },
        'PostgreSQL at 127.0.0.1:1 cannot be used: nothing listens there. Look at DATABASE_URL.',
      ],
    ])(
      'ends with code 1, and says why, over %s',
      async (_, fault, said) => {
        const { url, drop } = await createTestDatabase();
        service = runBuilt('main.js', { ...env, DATABASE_URL: url, ...fault });
        expect(await service.ended).toBe(1);
        expect(service.output()).toContain(said);
        expect(service.output()).not.toMatch(/hunter2| {4}at /);
        await drop();
      },
      60_000,
    );
  });
});

/** Process ids of its workers, from what it has logged. */
function workersOf(service: BuiltService): number[] {
  return [...service.output().matchAll(/"workerPid":(\d+)/g)].map(([, pid]) => Number(pid));
}

/** Reads an answer to its end, and holds it against the OpenAPI document. */
async function described(url: string, method: string, response: IncomingMessage): Promise<void> {
  const { statusCode: status = 0, headers } = response;
  assertDescribed(url, { method, status, headers, body: await text(response) });
}
