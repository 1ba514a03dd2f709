import { randomUUID } from 'node:crypto';
import { TestClock } from '../../testing/test-clock';
import { findRedisServer, type RedisServer, startRedisServer } from '../../testing/test-redis';
import { RedisOtpStore } from '../otp/redis-otp-store';
import { RedisResetTokenStore } from '../reset-token/redis-reset-token-store';
import { RedisSessionStore } from '../session/redis-session-store';
import { aSession, aUser } from '../session/session-data.contract';
import { RedisTokenBucketStore } from '../token-bucket/redis-token-bucket-store';
import { openRedis, type RedisConnection } from './redis';

const openStores = (connection: RedisConnection, clock: TestClock) => ({
  sessions: new RedisSessionStore(connection, { clock, maxAgeSeconds: 86_400 }),
  otps: new RedisOtpStore(connection, { clock }),
  resetTokens: new RedisResetTokenStore(connection, { clock }),
  buckets: new RedisTokenBucketStore(connection, { clock }),
});
type Stores = ReturnType<typeof openStores>;

/** Something of everything, and what asks for it again. */
async function fill({ sessions, otps, resetTokens, buckets }: Stores, clock: TestClock) {
  const user = aUser();
  const live = aSession(user, clock.now());
  const ended = aSession(user, clock.now());
  for (const session of [live, ended]) await sessions.restore(user, session);
  await sessions.rotate(user.id, live.sessionId, 1);
  await sessions.end(user.id, [ended.sessionId]);
  const account = randomUUID();
  const expiresAt = clock.now() + 600_000;
  for (const id of ['one', 'two']) {
    await otps.stage(account, 'login', {
      id,
      codeDigest: `code ${id}`,
      tokenDigest: `token ${id}`,
      expiresAt,
    });
    await otps.activate(account, 'login', id);
  }
  await otps.present(account, 'login', { kind: 'code', digests: ['wrong'] });
  await resetTokens.put('digest', { userId: user.id, credentialVersion: 1 }, expiresAt);
  const bucket = { key: 'a', capacity: 5, refillPerSecond: 0.001 };
  for (let n = 0; n < 5; n += 1) await buckets.take([bucket]);
  const ask = async (again: Stores) => ({
    live: await again.sessions.find(user.id, live.sessionId),
    rotated: await again.sessions.rotate(user.id, live.sessionId, 2),
    ended: await again.sessions.find(user.id, ended.sessionId),
    counted: await again.sessions.countLive(),
    token: await again.otps.present(account, 'login', { kind: 'token', digests: ['token one'] }),
    code: await again.otps.present(account, 'login', { kind: 'code', digests: ['code two'] }),
    grant: await again.resetTokens.take('digest'),
    bucket: (await again.buckets.take([bucket])).allowed,
  });
  return { user, live, ask };
}

const NOTHING = {
  live: { outcome: 'missing' },
  rotated: { outcome: 'missing' },
  counted: { users: 0, sessions: 0 },
  token: 'unknown',
  code: 'unknown',
  grant: undefined,
  bucket: true,
};

/** What old data may still forbid: an ended session stays ended, and whoever can make Redis restart gets no token by it. */
const KEPT = { ended: { outcome: 'ended' }, bucket: false };

// Without a Redis on this machine the global setup has said so.
const describeHere = findRedisServer() === undefined ? () => {} : describe;

describeHere('the stores over a Redis that has lost its data or found old ones', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let clock: TestClock;
  let stores: Stores;

  beforeEach(async () => {
    server = await startRedisServer();
    connection = openRedis({ url: server.url });
    await connection.ready();
    clock = new TestClock();
    stores = openStores(connection, clock);
  });
  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  it('answers from what it holds while nothing happens to Redis', async () => {
    const { ask } = await fill(stores, clock);
    expect(await ask(stores)).toMatchObject({
      live: { outcome: 'live' },
      rotated: { outcome: 'rotated' },
      ended: { outcome: 'ended' },
      counted: { users: 1, sessions: 1 },
      token: 'accepted',
      grant: { grant: { credentialVersion: 1 } },
      bucket: false,
    });
  });

  it('holds nothing after a flush, and takes sessions in again', async () => {
    const { ask, user, live } = await fill(stores, clock);
    await connection.client.flushdb();
    expect(await ask(stores)).toEqual({ ...NOTHING, ended: { outcome: 'missing' } });
    await stores.sessions.restore(user, { ...live, generation: 2 });
    expect((await stores.sessions.find(user.id, live.sessionId)).outcome).toBe('live');
    expect(await stores.sessions.countLive()).toEqual({ users: 1, sessions: 1 });
  });

  it('revives nothing after a restart with old data, and takes sessions in again', async () => {
    const { ask, user, live } = await fill(stores, clock);
    await server.snapshot();
    await server.restart({ keepData: true });
    const again = openRedis({ url: server.url });
    try {
      await again.ready();
      const after = openStores(again, clock);
      // The data are there: it is the stamp that makes them void.
      expect(await again.client.dbsize()).toBeGreaterThan(5);
      expect(await ask(after)).toEqual({ ...NOTHING, ...KEPT });
      await after.sessions.restore({ ...user, version: 1, username: 'New' }, live);
      expect(await after.sessions.find(user.id, live.sessionId)).toMatchObject({
        outcome: 'live',
        user: { username: 'New' },
        session: { generation: 1 },
      });
      await after.sessions.endAll(user.id);
      expect((await after.sessions.find(user.id, live.sessionId)).outcome).toBe('ended');
    } finally {
      await again.close();
    }
  });

  it('revives nothing on a replica that was promoted', async () => {
    const replica = await startRedisServer();
    const promoted = openRedis({ url: replica.url });
    try {
      await promoted.ready();
      await connection.client.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
      await promoted.client.call('REPLICAOF', '127.0.0.1', String(server.port));
      const { ask } = await fill(stores, clock);
      let caughtUp: unknown;
      for (let n = 0; n < 8 && caughtUp !== 1; n += 1)
        caughtUp = await connection.client.call('WAIT', 1, 500);
      expect(caughtUp).toBe(1);
      await promoted.client.call('REPLICAOF', 'NO', 'ONE');
      expect(await promoted.client.dbsize()).toBeGreaterThan(5);
      expect(await ask(openStores(promoted, clock))).toEqual({ ...NOTHING, ...KEPT });
    } finally {
      await promoted.close();
      await replica.stop();
    }
  });

  it('leaves no key without a TTL, none that outlives what it holds', async () => {
    const { ask, user } = await fill(stores, clock);
    await ask(stores);
    await fill(stores, clock);
    await stores.sessions.endAll(user.id);
    await stores.sessions.putUser(aUser());
    await stores.sessions.end(randomUUID(), [randomUUID()]);
    const keys = await connection.client.call('KEYS', '*');
    expect(Array.isArray(keys) && keys.length).toBeGreaterThan(12);
    for (const key of Array.isArray(keys) ? keys : []) {
      expect(String(key)).toMatch(/^tollgate:/);
      const ttl = await connection.client.pttl(String(key));
      expect({ key, lasts: ttl > 0 && ttl <= 30 * 86_400_000 }).toEqual({ key, lasts: true });
    }
  });
});
