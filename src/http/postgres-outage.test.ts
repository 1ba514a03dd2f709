import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import request, { type Response } from 'supertest';
import { uuidv7 } from 'uuidv7';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, newUser } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';
import { timeOf } from '../testing/time-of';

/** A port that nobody listens on, and one where somebody accepts and never answers. */
async function listener(kind: 'closed' | 'silent'): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  if (kind === 'closed') await new Promise((resolve) => server.close(resolve));
  return { port, server };
}

const cases = [
  ...stateKinds.map((state) => ({ state, port: 'closed' as const })),
  { state: 'in-process stores' as const, port: 'silent' as const },
];

describe.each(cases)('while PostgreSQL is away (its port is $port, state in $state)', ({ state, port }) => {
  let test: TestApp;
  let server: Server;
  beforeAll(async () => {
    const opened = await listener(port);
    server = opened.server;
    const databaseUrl = `postgresql://tollgate:x@127.0.0.1:${opened.port}/x`;
    test = await createTestApp({ state, databaseUrl, databaseBounds: {} });
  });
  afterAll(async () => {
    await test.close();
    server.close();
  });

  const { email, password, username } = newUser();
  const refreshToken = `tgr_${Buffer.from(`${'11'.repeat(16)}00000001${'22'.repeat(32)}`, 'hex').toString('base64url')}`;
  /** Of a session that no store holds: the record would have to be asked. */
  const accessToken = () =>
    test.services.accessTokens.issue({
      userId: uuidv7(),
      sessionId: uuidv7(),
      role: 'USER',
      sessionEndsAt: test.clock.now() + 60_000,
    }).token;

  async function expectRefused(call: () => Promise<Response>, withinMs: number): Promise<void> {
    const { answer: response, ms } = await timeOf(call);
    expect(ms).toBeLessThan(withinMs);
    expect(outcomeOf(response)).toBe('503 dependency_unavailable');
    expect(response.headers['retry-after']).toBe('1');
    expect(response.text).not.toMatch(/postgres|prisma|ECONN|redis/i);
  }

  it.each([
    { path: '/auth/register', body: { email, username, password }, withinMs: 2_000 },
    { path: '/auth/login', body: { email, password }, withinMs: 2_000 },
    { path: '/auth/refresh', body: { refreshToken }, withinMs: 1_000 },
    { path: '/auth/logout', body: { refreshToken }, withinMs: 1_000 },
    { path: '/otp/request', body: { email, purpose: 'login' }, withinMs: 1_000 },
    { path: '/otp/verify', body: { email, purpose: 'login', otp: '123456' }, withinMs: 1_000 },
  ])('POST $path answers 503 in time', ({ path, body, withinMs }) =>
    expectRefused(() => new ApiClient(test.app).post(path, body), withinMs),
  );

  it('a session that the store does not hold is not taken for ended', async () => {
    const client = new ApiClient(test.app);
    await atOnce(16, () => expectRefused(() => client.get('/users/me', accessToken()), 1_000));
  });

  it('nobody loses a try: failures that are ours are not counted against the account', async () => {
    const client = new ApiClient(test.app);
    const answers = await atOnce(9, () => client.post('/auth/login', { email, password }));
    expect(countOutcomes(answers)).toEqual({ '503 dependency_unavailable': 9 });
    test.clock.advance(5_000);
    const next = await client.post('/auth/login', { email, password });
    expect(next.headers['ratelimit']).toContain('"login-account";r=10;t=0');
  });

  it('what needs no record goes on, and the process says that it is not ready', async () => {
    const guest = await new ApiClient(test.app).post('/auth/guest');
    expect(outcomeOf(guest)).toBe('201');
    const me = await new ApiClient(test.app).get('/users/me', guest.body.accessToken);
    expect(me.body).toEqual(guest.body.user);
    expect((await request(test.app).get('/health/live')).status).toBe(200);
    const ready = await request(test.app).get('/health/ready');
    expect([ready.status, ready.body.checks.postgresql]).toEqual([503, 'down']);
  });
});
