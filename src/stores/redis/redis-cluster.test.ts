import { eventually, startRedisCluster, type TestCluster } from '../../testing/redis-cluster';
import { TestClock } from '../../testing/test-clock';
import { findRedisServer } from '../../testing/test-redis';
import { DependencyUnavailable } from '../dependency-unavailable';
import { otpStoreContract } from '../otp/otp-store.contract';
import { RedisOtpStore } from '../otp/redis-otp-store';
import { RedisResetTokenStore } from '../reset-token/redis-reset-token-store';
import { resetTokenStoreContract } from '../reset-token/reset-token-store.contract';
import { RedisSessionStore } from '../session/redis-session-store';
import { sessionStoreContract } from '../session/session-store.contract';
import { RedisTokenBucketStore } from '../token-bucket/redis-token-bucket-store';
import { tokenBucketStoreContract } from '../token-bucket/token-bucket-store.contract';
import { openRedis, type RedisConnection } from './redis';

// Without a Redis on this machine the global setup has said so.
const describeHere = findRedisServer() === undefined ? () => {} : describe;

describeHere('the stores over Redis Cluster', () => {
  let cluster: TestCluster;
  let connection: RedisConnection;
  let clock: TestClock;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    connection = openRedis({ url: cluster.url });
    await eventually(() => connection.ready());
  }, 30_000);
  afterAll(async () => {
    await connection.close();
    cluster.stop();
  });
  beforeEach(() => {
    clock = new TestClock();
  });

  describe('token buckets', () => {
    tokenBucketStoreContract(() => ({ store: new RedisTokenBucketStore(connection, { clock }), clock }));
  });
  describe('sessions', () => {
    sessionStoreContract(() => ({
      store: new RedisSessionStore(connection, { clock, maxAgeSeconds: 2_592_000 }),
      clock,
    }));
  });
  describe('one-time passwords', () => {
    otpStoreContract(() => ({ store: new RedisOtpStore(connection, { clock }), clock }));
  });
  describe('reset tokens', () => {
    resetTokenStoreContract(() => ({ store: new RedisResetTokenStore(connection, { clock }), clock }));
  });

  it('never takes too many of buckets in several slots, and gives back what a refusal took', async () => {
    const store = new RedisTokenBucketStore(connection, { clock });
    for (let round = 0; round < 20; round += 1) {
      const slow = { refillPerSecond: 1e-6 };
      const shared = { key: `shared ${round}`, capacity: 10, ...slow };
      const results = await Promise.all(
        Array.from({ length: 64 }, (_, n) =>
          store.take([shared, { key: `own ${round} ${n}`, capacity: 1, ...slow }]),
        ),
      );
      const allowed = results.filter((result) => result.allowed).length;
      expect(allowed).toBeLessThanOrEqual(10);
      // Each of those refused can still pay with its own bucket, which holds one token.
      const refused = results.flatMap((result, n) => (result.allowed ? [] : [n]));
      for (const n of refused.slice(0, 5)) {
        const own = { key: `own ${round} ${n}`, capacity: 1, ...slow };
        expect((await store.take([own])).allowed).toBe(true);
      }
      let rest = 0;
      while ((await store.take([shared])).allowed) rest += 1;
      expect(allowed + rest).toBe(10);
    }
  });

  it('fails within a second for what lies on a dead node, and serves the rest', async () => {
    const store = new RedisTokenBucketStore(connection, { clock });
    const take = (n: number) => store.take([{ key: `n${n}`, capacity: 5, refillPerSecond: 1 }]);
    const dead = cluster.pids[1] ?? 0;
    process.kill(dead, 'SIGSTOP');
    const start = performance.now();
    const outcomes = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => take(n)));
    expect(performance.now() - start).toBeLessThan(1_000);
    const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(failures.length).toBeGreaterThan(5);
    expect(failures.length).toBeLessThan(40);
    for (const failure of failures) expect(failure).toBeInstanceOf(DependencyUnavailable);
    await expect(connection.ready()).rejects.toBeInstanceOf(DependencyUnavailable);
    process.kill(dead, 'SIGCONT');
    const back = performance.now();
    await eventually(() => Promise.all(Array.from({ length: 60 }, (_, n) => take(n))));
    expect(performance.now() - back).toBeLessThan(3_000);
  });
});
