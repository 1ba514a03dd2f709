import { startDependencyWatch } from '../dependency-watch';
import { PasswordHasher } from '../passwords/password-hasher';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, beginSession, logIn, newUser, signUp } from '../testing/api-client';
import { movedBy, series } from '../testing/metric-series';
import { eventually } from '../testing/redis-cluster';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';
import { Metrics } from './metrics';

describe.each(stateKinds)('metrics of state and capabilities, over %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());
  afterEach(() => jest.restoreAllMocks());

  const client = () => new ApiClient(test.app);
  const me = async (token: string) => outcomeOf(await client().get('/users/me', token));

  it('count look-ups of access tokens, but for those that are none', async () => {
    const [one, two] = [
      await beginSession(test, await signUp(test)),
      await beginSession(test, await signUp(test)),
    ];
    const moved = await movedBy(test, /^access_token_cache/, async () => {
      for (const { accessToken } of [one, two, one, one]) expect(await me(accessToken)).toBe('200');
      // Forged, and so never remembered.
      for (let time = 0; time < 2; time++) expect(await me(`${one.accessToken}x`)).toBe('401 invalid_token');
      // No token, and one that is too long to be ours.
      await client().get('/users/me');
      await me('x'.repeat(5_000));
    });
    expect(moved).toEqual({
      'access_token_cache_lookups_total{result="miss"}': 4,
      'access_token_cache_lookups_total{result="hit"}': 2,
    });
  });

  it('count sessions that are brought back from the record, and those that are not there either', async () => {
    const user = await signUp(test);
    const [kept, ended] = [await logIn(test, user), await logIn(test, user)];
    await client().post('/auth/logout', undefined, ended.accessToken);
    const { admissionStore, tokenBucketStore } = test.backends;
    const loseOnce = () =>
      jest.spyOn(admissionStore, 'admit').mockImplementationOnce(async (buckets) => ({
        taken: await tokenBucketStore.take(buckets),
        found: { outcome: 'missing' },
      }));
    const moved = await movedBy(test, /^session_refills/, async () => {
      loseOnce();
      expect(await me(kept.accessToken)).toBe('200');
      loseOnce();
      expect(await me(ended.accessToken)).toBe('401 invalid_token');
      // Held: nothing to bring back.
      expect(await me(kept.accessToken)).toBe('200');
      loseOnce();
      const away = new DependencyUnavailable('postgresql', new Error('away'));
      jest.spyOn(test.backends.sessionRecords, 'find').mockRejectedValueOnce(away);
      expect(await me(kept.accessToken)).toBe('503 dependency_unavailable');
    });
    expect(moved).toEqual({
      'session_refills_total{outcome="restored"}': 1,
      'session_refills_total{outcome="absent"}': 1,
    });
  });

  it('time each command that is counted, and each statement', async () => {
    const user = await signUp(test);
    // Redis has seen every script then, and none is sent twice.
    const { accessToken } = await logIn(test, user);
    const moved = await movedBy(
      test,
      /^(redis_(operations_total|command_duration_seconds_count)|postgres_query_duration_seconds_count)/,
      async () => {
        await logIn(test, user);
        // Nobody waits for a token that is given back; what is asked for after it is answered after it.
        expect(await me(accessToken)).toBe('200');
      },
    );
    const { 'postgres_query_duration_seconds_count{pool="requests"}': statements, ...redis } = moved;
    expect(statements).toBeGreaterThan(5);
    const [sent, timed] = ['redis_operations_total', 'redis_command_duration_seconds_count'].map((name) =>
      Object.fromEntries(
        Object.entries(redis).flatMap(([key, by]) =>
          key.startsWith(name) ? [[key.slice(name.length), by]] : [],
        ),
      ),
    );
    expect(timed).toEqual(sent);
    expect(Object.keys(sent ?? {}).length).toBe(state === 'Redis' ? 1 : 0);
  });

  it('time each hash, and count what is refused', async () => {
    const user = await signUp(test);
    const counted = /^password_hash_(wait_seconds_count|duration_seconds_count|rejected_total)/;
    const moved = await movedBy(test, counted, async () => {
      await logIn(test, user);
      await client().post('/auth/login', { email: newUser().email, password: 'not this one' });
      // Refused by the policy before it is hashed.
      await client().post('/auth/register', { ...newUser(), password: 'qwertyuiop' });
    });
    expect(moved).toEqual({ password_hash_wait_seconds_count: 2, password_hash_duration_seconds_count: 2 });
  });

  it('show the mails that wait, and the age of the oldest code', async () => {
    const codes = 'outbox_oldest_age_seconds{mails="codes"}';
    const before = await series(test);
    expect([before.get('outbox_pending'), before.get(codes)]).toEqual([0, 0]);
    for (const purpose of ['login', 'reset_password']) {
      await client().post('/otp/request', { email: newUser().email, purpose });
    }
    test.clock.advance(30_000);
    const during = await series(test);
    expect(during.get('outbox_pending')).toBe(2);
    expect(during.get(codes)).toBeGreaterThanOrEqual(30);
    expect(during.get(codes)).toBeLessThan(90);
    expect(during.get('outbox_oldest_age_seconds{mails="notices"}')).toBe(0);
    await test.deliverMails();
    const after = await series(test);
    expect([after.get('outbox_pending'), after.get(codes)]).toEqual([0, 0]);
  });

  it('show for how long audit events have waited to be sealed', async () => {
    const age = async () => (await series(test)).get('audit_unsealed_events_age_seconds');
    await test.backends.auditSealer.seal(true);
    expect(await age()).toBe(0);
    await signUp(test);
    test.clock.advance(20_000);
    expect(await age()).toBeGreaterThanOrEqual(20);
    await test.backends.auditSealer.seal(true);
    expect(await age()).toBe(0);
  });

  it('show one request in flight, that of the scrape, and the connections of the pool', async () => {
    const told = await series(test);
    expect(told.get('http_requests_in_flight')).toBe(1);
    const [total, idle, waiting] = ['total', 'idle', 'waiting'].map((name) =>
      told.get(`postgres_pool_connections{pool="requests",state="${name}"}`),
    );
    expect(total).toBeGreaterThan(0);
    expect(idle).toBeLessThanOrEqual(Number(total));
    expect(waiting).toBe(0);
  });

  it('show what the health checks find, and ask nothing for it at a scrape', async () => {
    const { health, metrics } = test.services;
    const dependencies = async () =>
      Object.fromEntries(
        [...(await series(test))].flatMap(([name, value]) => {
          const dependency = /^dependency_up\{dependency="(.*)"\}$/.exec(name)?.[1];
          return dependency === undefined ? [] : [[dependency, value]];
        }),
      );
    expect(await dependencies()).toEqual({});
    const stop = startDependencyWatch(health, metrics);
    await eventually(async () =>
      expect(await dependencies()).toEqual({
        postgresql: 1,
        smtp: 1,
        ...(state === 'Redis' && { redis: 1 }),
      }),
    );
    stop();
    const report = jest.spyOn(health, 'report');
    await series(test);
    expect(report).not.toHaveBeenCalled();
  });
});

it('looks at dependencies every 15 seconds until it is stopped', async () => {
  jest.useFakeTimers();
  try {
    const metrics = new Metrics('1.2.3', []);
    const told = jest.spyOn(metrics.dependencies, 'setUp');
    let redis: 'up' | 'down' = 'up';
    const report = jest.fn(async () => ({ status: 'ready' as const, checks: { redis } }));
    const stop = startDependencyWatch({ report }, metrics);
    await jest.advanceTimersByTimeAsync(0);
    expect(told.mock.lastCall).toEqual(['redis', true]);
    redis = 'down';
    await jest.advanceTimersByTimeAsync(15_000);
    expect(told.mock.lastCall).toEqual(['redis', false]);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(report).toHaveBeenCalledTimes(4);
    stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(report).toHaveBeenCalledTimes(4);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

it('tells of a full queue of hashes as it stands', async () => {
  const metrics = new Metrics('1.2.3', []);
  const hasher = await PasswordHasher.create({
    cost: 10,
    peppers: ['a-pepper-of-this-test-and-of-no-other-one'],
    concurrency: 1,
    maxQueued: 3,
    events: metrics.hashing.events,
  });
  metrics.hashing.follow(() => hasher.stats());
  const value = async (name: string) =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics.scrape())?.[1]);
  const hashes = Array.from({ length: 6 }, () => hasher.hash('violet-lantern-47'));
  const settled = Promise.allSettled(hashes);
  expect(await value('password_hash_queue_depth')).toBe(3);
  expect(await value('password_hash_queue_capacity')).toBe(3);
  expect((await settled).filter(({ status }) => status === 'rejected')).toHaveLength(2);
  expect(await value('password_hash_rejected_total')).toBe(2);
  expect(await value('password_hash_wait_seconds_count')).toBe(4);
  expect(await value('password_hash_duration_seconds_count')).toBe(4);
  expect(await value('password_hash_queue_depth')).toBe(0);
});
