import { randomBytes, randomUUID } from 'node:crypto';
import { Agent, createServer, METHODS, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BASE_PATH, freshAddress } from '../testing/api-client';
import { series } from '../testing/metric-series';
import { createTestApp, type TestApp } from '../testing/test-app';

const PATHS = 10_000;
const AT_ONCE = 32;
const PARENTS = [
  '',
  BASE_PATH,
  `${BASE_PATH}/users`,
  `${BASE_PATH}/auth/login`,
  `${BASE_PATH}/users/me/sessions`,
  `${BASE_PATH}/admin/limits`,
  '/api-docs',
  '/metrics',
  '/health',
  '/verify-email',
];
/** Every word that Node takes for a method; CONNECT asks for a tunnel and reaches no app. */
const WORDS = METHODS.filter((method) => method !== 'CONNECT');

/** Calls whose bodies, queries and parameters are made up as well: each is a route of ours. */
const MADE_UP: readonly ((word: string) => { method: string; path: string; body?: object })[] = [
  (word) => ({
    method: 'POST',
    path: `${BASE_PATH}/otp/verify`,
    body: { email: `${word}@example.com`, purpose: word, otp: word },
  }),
  (word) => ({
    method: 'POST',
    path: `${BASE_PATH}/otp/verify`,
    body: { email: `${word}@example.com`, purpose: 'login', otp: word },
  }),
  (word) => ({
    method: 'POST',
    path: `${BASE_PATH}/auth/login?transport=${word}`,
    body: { email: word, password: word },
  }),
  (word) => ({ method: 'POST', path: `${BASE_PATH}/auth/refresh`, body: { refreshToken: word } }),
  (word) => ({ method: 'DELETE', path: `${BASE_PATH}/users/me/sessions/${word}` }),
  (word) => ({ method: 'PATCH', path: `${BASE_PATH}/admin/limits/${word}`, body: { mode: word } }),
  () => ({ method: 'GET', path: `${BASE_PATH}/admin/users/${randomUUID()}` }),
  (word) => ({ method: 'POST', path: `/verify-email?token=${word}` }),
];

describe('metrics of what clients make up', () => {
  let test: TestApp;
  let server: Server;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  beforeAll(async () => {
    test = await createTestApp();
    server = createServer(test.app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    agent.destroy();
    await new Promise((resolve) => server.close(resolve));
    await test.close();
  });

  /** The status of the answer; each call is another client's. */
  const call = (method: string, path: string, body?: object) =>
    new Promise<number>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const headers = { 'X-Forwarded-For': freshAddress(), 'Content-Type': 'application/json' };
      const sent = request({ agent, port, method, path, headers }, (response) => {
        response.resume().once('end', () => resolve(Number(response.statusCode)));
      });
      sent.once('error', reject).end(body && JSON.stringify(body));
    });

  /** The n-th call that somebody makes up: four of five of them a path, by any method. */
  const makeUp = async (n: number, word: string) => {
    const known = n % 5 === 0 ? MADE_UP[(n / 5) % MADE_UP.length]?.(word) : undefined;
    if (known !== undefined) return call(known.method, known.path, known.body);
    const method = WORDS[n % WORDS.length] ?? 'GET';
    const status = await call(method, `${PARENTS[n % PARENTS.length]}/${word}`);
    expect([method, status].join(' ')).toMatch(/^(\w|-)+ (404|405|401|204)$/);
    return status;
  };

  const inTurn = async (count: number, work: (n: number) => Promise<unknown>) => {
    let next = 0;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (next < count) await work(next++);
      }),
    );
  };

  it(`are no new series: ${PATHS} paths, by every method, with made-up codes, purposes, policies and ids`, async () => {
    // Each kind of call once (after 680 they come again), and a scrape: whatever series there can be has been.
    await series(test);
    await inTurn(680, (n) => makeUp(n, 'first'));
    const before = [...(await series(test)).keys()].toSorted();
    const statuses = new Set<number>();
    await inTurn(PATHS, async (n) => statuses.add(await makeUp(n, randomBytes(9).toString('base64url'))));
    expect([...(await series(test)).keys()].toSorted()).toEqual(before);
    expect([...statuses].toSorted()).toEqual(expect.arrayContaining([400, 401, 404]));
    expect(before.length).toBeLessThan(1_500);
  }, 120_000);
});
