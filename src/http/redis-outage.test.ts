import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import request, { type Response } from 'supertest';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, logIn, newUser, signUp, type Tokens } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { BrowserClient, setCookies } from '../testing/browser-client';
import { linkIn } from '../testing/captured-mailer';
import { eventually } from '../testing/redis-cluster';
import { createTestApp, type TestApp } from '../testing/test-app';
import { findRedisServer, type RedisServer, startRedisServer } from '../testing/test-redis';
import { timeOf } from '../testing/time-of';

const email = newUser().email;

/** Calls that need Redis, each with a body that is good. */
const NEEDING_REDIS: readonly {
  readonly method: 'get' | 'post' | 'patch';
  readonly path: string;
  readonly body?: object;
}[] = [
  { method: 'post', path: '/auth/register', body: newUser() },
  { method: 'post', path: '/auth/login', body: { email, password: 'violet-lantern-47' } },
  { method: 'post', path: '/auth/refresh', body: { refreshToken: 'tgr_x' } },
  { method: 'post', path: '/auth/logout' },
  { method: 'post', path: '/auth/logout-all' },
  { method: 'post', path: '/auth/reauthenticate', body: { password: 'violet-lantern-47' } },
  {
    method: 'post',
    path: '/auth/password/reset',
    body: { resetToken: 'x', newPassword: 'violet-lantern-47' },
  },
  { method: 'post', path: '/auth/guest' },
  { method: 'get', path: '/auth/check' },
  { method: 'post', path: '/otp/request', body: { email, purpose: 'login' } },
  { method: 'post', path: '/otp/verify', body: { email, purpose: 'login', otp: '123456' } },
  { method: 'get', path: '/users/me' },
  { method: 'patch', path: '/users/me', body: { username: 'Ada Byron' } },
  { method: 'get', path: '/users/me/sessions' },
  { method: 'post', path: '/users/me/email', body: { newEmail: email, password: 'violet-lantern-47' } },
  { method: 'post', path: '/users/me/email/confirm', body: { otp: '123456' } },
];

/** The answer, which must be a 503 that came in time. */
async function refusedInTime(call: Promise<Response>): Promise<void> {
  const { answer: response, ms } = await timeOf(() => call);
  expect(outcomeOf(response)).toBe('503 dependency_unavailable');
  expect(response.headers['retry-after']).toBe('1');
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(response.text).not.toMatch(/redis|ioredis|ECONN|postgres|prisma/i);
  expect(ms).toBeLessThan(1_000);
}

/** The one page behind a link that ends sessions. */
const undo = async (test: TestApp) => request(test.app).post('/undo-email-change?token=x');

// Without a Redis on this machine the global setup has said so.
const describeHere = findRedisServer() === undefined ? () => {} : describe;

describeHere('while Redis is away', () => {
  let redis: RedisServer;
  let test: TestApp;
  let tokens: Tokens;
  let revoked: Tokens;
  let browser: BrowserClient;
  let link: string;
  beforeAll(async () => {
    redis = await startRedisServer();
    test = await createTestApp({ redisUrl: redis.url, env: { RATE_LIMIT_GLOBAL: '40/0.01' } });
    const user = await signUp(test);
    [tokens, revoked] = [await logIn(test, user), await logIn(test, user)];
    await new ApiClient(test.app).post('/auth/logout', undefined, revoked.accessToken);
    browser = new BrowserClient(test.app);
    await browser.post('/auth/login', { email: user.email, password: user.password });
    const pending = newUser();
    await new ApiClient(test.app).post('/auth/register', pending);
    await test.deliverMails();
    link = linkIn(test.mailer.to(pending.email)[0]);
    await redis.kill();
  });
  afterAll(async () => {
    await test.close();
    await redis.stop();
  });

  const limiterHealth = async () => {
    const { text } = await request(test.app).get('/metrics');
    const value = (series: string) => new RegExp(`^${series} (\\d+)$`, 'm').exec(text)?.[1];
    return {
      degraded: value('rate_limiter_degraded'),
      toDegraded: value('rate_limiter_degraded_changes_total{to="degraded"}'),
      toNormal: value('rate_limiter_degraded_changes_total{to="normal"}'),
    };
  };

  it.each(NEEDING_REDIS)('$method $path answers 503 within a second', async ({ method, path, body }) => {
    const client = new ApiClient(test.app);
    await refusedInTime(client.call(method, path, body, tokens.accessToken));
  });

  it.each(['/auth/refresh', '/auth/logout'])('%s costs no browser its cookie', async (path) => {
    const response = await browser.post(path);
    expect([outcomeOf(response), setCookies(response)]).toEqual(['503 dependency_unavailable', []]);
  });

  it('POST /undo-email-change answers 503 within a second', () => refusedInTime(undo(test)));

  it('nothing passes uncounted: no password is compared, no mail and no account is made', async () => {
    const compared = jest.spyOn(test.services.passwordHasher, 'verify');
    const mails = () => test.database.run((db) => db.outboxMail.count());
    const accounts = () => test.database.run((db) => db.user.count());
    const before = [await mails(), await accounts()];
    const answers = await Promise.all([
      ...Array.from({ length: 32 }, () =>
        new ApiClient(test.app).post('/auth/login', { email, password: 'not this one' }),
      ),
      ...Array.from({ length: 16 }, () =>
        new ApiClient(test.app).post('/otp/request', { email, purpose: 'login' }),
      ),
      ...Array.from({ length: 16 }, () => new ApiClient(test.app).post('/auth/register', newUser())),
    ]);
    expect(countOutcomes(answers)).toEqual({ '503 dependency_unavailable': 64 });
    expect(compared).not.toHaveBeenCalled();
    expect([await mails(), await accounts()]).toEqual(before);
  });

  it.each([
    ['/health/live', 200],
    ['/.well-known/jwks.json', 200],
    ['/metrics', 200],
    ['/api-docs', 200],
    ['/api-docs/openapi.json', 200],
    ['/nowhere', 404],
    ['/api/v1/nowhere', 404],
    ['/api/v1/auth/login', 405],
    ['/verify-email?token=x', 400],
    ['/undo-email-change?token=x', 400],
  ])('GET %s goes on with %i', async (path, status) => {
    const start = performance.now();
    expect((await request(test.app).get(path)).status).toBe(status);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('the page behind a link goes on, counted by this process alone', async () => {
    const open = () => request(test.app).get(link).set('X-Forwarded-For', '203.0.113.200');
    expect(countOutcomes(await atOnce(64, open))).toEqual({ 200: 40, '429 rate_limited': 24 });
  });

  it.each([
    ['get', '/api/v1/nowhere', '404 not_found'],
    ['get', '/nowhere', '404 not_found'],
    ['delete', '/api/v1/auth/login', '405 method_not_allowed'],
  ] as const)('%s %s goes on, counted by this process alone', async (method, path, outcome) => {
    const { address } = new ApiClient(test.app);
    const miss = () => request(test.app)[method](path).set('X-Forwarded-For', address);
    expect(countOutcomes(await atOnce(64, miss))).toEqual({ [outcome]: 40, '429 rate_limited': 24 });
    expect((await miss()).headers['retry-after']).toBe('100');
  });

  it('the outage is told once, by the metric and in the log', async () => {
    expect(await limiterHealth()).toEqual({ degraded: '1', toDegraded: '1', toNormal: '0' });
    expect(test.logged.filter((line) => line.includes('limits cannot be kept'))).toHaveLength(1);
    expect(test.logged.filter((line) => line.includes('limits are kept again'))).toEqual([]);
  });

  it('the process is not ready, and says why', async () => {
    const response = await request(test.app).get('/health/ready');
    expect(response.status).toBe(503);
    expect(response.body).toEqual({
      status: 'unavailable',
      checks: { postgresql: 'up', redis: 'down', smtp: 'up' },
    });
  });

  it('and back, empty: within three seconds all works again, and nobody has been logged out or in', async () => {
    await redis.restart();
    const start = performance.now();
    await eventually(async () =>
      expect((await request(test.app).get('/health/ready')).body.status).toBe('ready'),
    );
    expect(performance.now() - start).toBeLessThan(3_000);
    // By itself: no call that needs the limits has been made since.
    await eventually(async () =>
      expect(await limiterHealth()).toEqual({ degraded: '0', toDegraded: '1', toNormal: '1' }),
    );
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(test.logged.filter((line) => line.includes('limits are kept again'))).toHaveLength(1);
    const client = new ApiClient(test.app);
    expect(outcomeOf(await client.get('/users/me', tokens.accessToken))).toBe('200');
    expect(outcomeOf(await client.get('/users/me', revoked.accessToken))).toBe('401 invalid_token');
    const refreshed = await client.post('/auth/refresh', { refreshToken: tokens.refreshToken });
    expect(outcomeOf(refreshed)).toBe('200');
    expect(outcomeOf(await browser.post('/auth/refresh'))).toBe('200');
    await logIn(test, await signUp(test));
  });
});

describe('a Redis that accepts and never answers', () => {
  it('costs no request more than a second', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const test = await createTestApp({ redisUrl: `redis://127.0.0.1:${port}` });
    try {
      const client = new ApiClient(test.app);
      await Promise.all([
        ...NEEDING_REDIS.map(({ method, path, body }) => refusedInTime(client.call(method, path, body))),
        refusedInTime(undo(test)),
      ]);
    } finally {
      await test.close();
      silent.close();
    }
  });
});
