import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, newUser, signUpAdmin } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { eventually, startRedisCluster, type TestCluster } from '../testing/redis-cluster';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';
import { findRedisServer, uniqueRedisPrefix } from '../testing/test-redis';

const SLOW = 0.0001;

const change = (test: TestApp, token: string, policy: string, body: object) =>
  new ApiClient(test.app).call('patch', `/admin/limits/${policy}`, body, token);
const guests = async (test: TestApp, times: number, client = new ApiClient(test.app)) =>
  countOutcomes(await atOnce(times, () => client.post('/auth/guest')));

describe.each(stateKinds)('a limit changed on one of two instances, over %s', (state) => {
  let here: TestApp;
  let there: TestApp;
  let token: string;
  const shared = { state, redisPrefix: uniqueRedisPrefix() };
  beforeEach(async () => {
    here = await createTestApp(shared);
    there = await createTestApp({ ...shared, databaseUrl: here.databaseUrl });
    token = (await signUpAdmin(here)).accessToken;
  });
  afterEach(async () => {
    await there.close();
    await here.close();
  });

  it('is in force on the other after its next look, which it takes every second by itself', async () => {
    const stop = there.services.policiesInForce.start();
    try {
      await change(here, token, 'guest', { capacity: 3, refillPerSecond: SLOW });
      await eventually(async () =>
        expect(there.services.policiesInForce.of('guest')).toMatchObject({ capacity: 3 }),
      );
      expect(await guests(there, 64)).toEqual({ 201: 3, '429 rate_limited': 61 });
    } finally {
      stop();
    }
  });

  it('is in force after a restart, from the first request on', async () => {
    await change(here, token, 'guest', { capacity: 3, refillPerSecond: SLOW });
    await change(here, token, 'login', { mode: 'shadow', capacity: 1, ttl: 600 });
    const again = await createTestApp({ ...shared, databaseUrl: here.databaseUrl });
    try {
      again.clock.advance(60_000);
      expect(await guests(again, 64)).toEqual({ 201: 3, '429 rate_limited': 61 });
      const client = new ApiClient(again.app);
      const fail = () => client.post('/auth/login', { email: newUser().email, password: 'not this one' });
      expect(countOutcomes(await atOnce(5, fail))).toEqual({ '401 invalid_credentials': 5 });
      // The shadow has its end with it.
      again.clock.advance(540_000);
      const after = new ApiClient(again.app);
      const failAfter = () => after.post('/auth/login', { email: newUser().email, password: 'not this one' });
      expect(countOutcomes(await atOnce(5, failAfter))).toEqual({
        '401 invalid_credentials': 1,
        '429 rate_limited': 4,
      });
    } finally {
      await again.close();
    }
  });

  it('and the limits go on as last known while the database is away', async () => {
    await change(here, token, 'guest', { capacity: 3, refillPerSecond: SLOW });
    await there.services.policiesInForce.refresh();
    const away = new DependencyUnavailable('postgresql', new Error('away'));
    const list = jest.spyOn(there.backends.limitOverrideStore, 'list').mockRejectedValue(away);
    await there.services.policiesInForce.refresh();
    expect(list).toHaveBeenCalled();
    expect(await guests(there, 64)).toEqual({ 201: 3, '429 rate_limited': 61 });
    // Nor does a request ask the database for them.
    const asked = list.mock.calls.length;
    there.clock.advance(3_600_000);
    await guests(there, 64);
    expect(list.mock.calls.length).toBe(asked);
    list.mockRestore();
  });

  if (state !== 'Redis') return;

  it('lets nobody through twice while only one of them knows', async () => {
    for (const [from, to] of [
      [10, 3],
      [3, 10],
    ] as const) {
      await change(here, token, 'guest', { capacity: from, refillPerSecond: SLOW });
      await there.services.policiesInForce.refresh();
      await change(here, token, 'guest', { capacity: to });
      const address = new ApiClient(here.app).address;
      const clients = [here, there].map(({ app }) => new ApiClient(app, address));
      const answers = await atOnce(64, (index) => (clients[index % 2] as ApiClient).post('/auth/guest'));
      const passed = answers.filter(({ status }) => status === 201).length;
      expect(passed).toBeGreaterThanOrEqual(Math.min(from, to));
      expect(passed).toBeLessThanOrEqual(Math.max(from, to));
      for (const client of clients)
        expect(outcomeOf(await client.post('/auth/guest'))).toBe('429 rate_limited');
    }
  });

  it('is explained and released by the one what the other has counted', async () => {
    const client = new ApiClient(here.app);
    await change(here, token, 'guest', { capacity: 3, refillPerSecond: SLOW });
    await there.services.policiesInForce.refresh();
    expect(await guests(here, 5, client)).toEqual({ 201: 3, '429 rate_limited': 2 });
    const admin = new ApiClient(there.app);
    const query = `/admin/limits/explain?address=${client.address}`;
    const { buckets } = (await admin.get(query, token)).body;
    const shown = buckets.find(({ policy }: { policy: string }) => policy === 'guest');
    expect(shown).toMatchObject({ remaining: 0, capacity: 3, blockedSince: expect.any(String) });
    await admin.post('/admin/limits/release', { address: client.address }, token);
    expect(await guests(here, 64, client)).toEqual({ 201: 3, '429 rate_limited': 61 });
  });
});

// Without a Redis on this machine the global setup has said so.
const describeHere = findRedisServer() === undefined ? () => {} : describe;

describeHere('limits at run time over Redis Cluster', () => {
  let cluster: TestCluster | undefined;
  let test: TestApp;
  let token: string;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    test = await createTestApp({ redisUrl: cluster.url });
    await eventually(async () => {
      token = (await signUpAdmin(test)).accessToken;
    });
  }, 60_000);
  afterAll(async () => {
    await test?.close();
    cluster?.stop();
  });

  it('are changed, put in shadow, explained and released, bucket by bucket in its slot', async () => {
    await change(test, token, 'login-account', { capacity: 4, refillPerSecond: SLOW });
    await change(test, token, 'login', { capacity: 1, refillPerSecond: SLOW, mode: 'shadow', ttl: 60 });
    const [client, email] = [new ApiClient(test.app), newUser().email];
    const fail = () => client.post('/auth/login', { email, password: 'not this one' });
    // In slots apart a refusal may hold a token for a moment that another then does not find: one after the other.
    const outcomes = [];
    for (let round = 0; round < 6; round += 1) outcomes.push(await fail());
    const four = { '401 invalid_credentials': 4, '429 rate_limited': 2 };
    expect(countOutcomes(outcomes)).toEqual(four);
    const owner = { address: client.address, email };
    const explain = async () => {
      const query = new URLSearchParams(owner);
      const { body } = await new ApiClient(test.app).get(`/admin/limits/explain?${query}`, token);
      return body.buckets.filter(({ policy }: { policy: string }) => /^login/.test(policy));
    };
    const blocked = { blockedSince: expect.any(String), opensAt: expect.any(String) };
    const open = { blockedSince: null, opensAt: null };
    expect(await explain()).toEqual([
      { policy: 'login', remaining: 0, capacity: 1, ...open },
      { policy: 'login-account', remaining: 0, capacity: 4, ...blocked },
      { policy: 'login-account-all', remaining: 46, capacity: 50, ...open },
    ]);
    const released = await new ApiClient(test.app).post('/admin/limits/release', owner, token);
    expect(released.status).toBe(204);
    const again = await explain();
    expect(again.map(({ remaining }: { remaining: number }) => remaining)).toEqual([1, 4, 50]);
    expect(countOutcomes(await atOnce(64, fail))['401 invalid_credentials']).toBeLessThanOrEqual(4);
  });
});
