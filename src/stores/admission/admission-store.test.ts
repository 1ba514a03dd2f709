import { randomUUID } from 'node:crypto';
import { memoryStores, redisStores, type StateStores } from '../../state-stores';
import { describeWithRedis } from '../../testing/describe-with-redis';
import { TestClock } from '../../testing/test-clock';
import { beginSession } from '../session/session-data.contract';
import type { SessionStore } from '../session/session-store';
import { sessionStoreContract } from '../session/session-store.contract';
import type { Bucket, TokenBucketStore } from '../token-bucket/token-bucket-store';
import { tokenBucketStoreContract } from '../token-bucket/token-bucket-store.contract';
import { RedisAdmissionStore } from './redis-admission-store';
import { SplitAdmissionStore } from './split-admission-store';

const maxAgeSeconds = 30 * 24 * 60 * 60;

/** The same store, but for one call. */
function withCall<S extends object, N extends keyof S>(store: S, name: N, call: S[N]): S {
  return new Proxy(store, {
    get: (target, asked) => {
      if (asked === name) return call;
      const value: unknown = Reflect.get(target, asked);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Whoever takes or finds by admission gets what the stores themselves give: so each passes the suites of both. */
function admissionContract(open: (clock: TestClock) => StateStores): void {
  let clock: TestClock;
  let stores: StateStores;
  beforeEach(() => {
    clock = new TestClock();
    stores = open(clock);
  });

  describe('takes as a token bucket store', () => {
    tokenBucketStoreContract(() => {
      const { admissionStore, tokenBucketStore } = stores;
      const take: TokenBucketStore['take'] = async (buckets) =>
        (await admissionStore.admit(buckets, randomUUID(), randomUUID())).taken;
      return { store: withCall(tokenBucketStore, 'take', take), clock };
    });
  });

  describe('finds as a session store', () => {
    sessionStoreContract(() => {
      const { admissionStore, sessionStore } = stores;
      const one: Bucket = { key: randomUUID(), capacity: 1_000, refillPerSecond: 1 };
      const find: SessionStore['find'] = async (userId, sessionId) =>
        (await admissionStore.admit([one], userId, sessionId)).found;
      return { store: withCall(sessionStore, 'find', find), clock };
    });
  });

  it('finds the session also where the tokens are refused, and takes them where there is none', async () => {
    const { admissionStore, sessionStore: store } = stores;
    const { user, session } = await beginSession({ store, clock });
    const one: Bucket = { key: randomUUID(), capacity: 1, refillPerSecond: 1 / 3_600 };
    const nobody = await admissionStore.admit([one], user.id, randomUUID());
    expect([nobody.taken.allowed, nobody.found.outcome]).toEqual([true, 'missing']);
    const refused = await admissionStore.admit([one], user.id, session.sessionId);
    expect(refused.taken).toMatchObject({ allowed: false, levels: [{ remaining: 0, refused: true }] });
    expect(refused.found).toEqual({ outcome: 'live', user, session });
  });

  it('is exact for 64 at once, and finds for each of them', async () => {
    const { admissionStore, sessionStore: store } = stores;
    const { session, ids } = await beginSession({ store, clock });
    for (let capacity = 1; capacity < 64; capacity += 9) {
      const buckets = [1_000, capacity].map((most) => {
        return { key: randomUUID(), capacity: most, refillPerSecond: 1 / 3_600 };
      });
      const answers = await Promise.all(
        Array.from({ length: 64 }, () => admissionStore.admit(buckets, ...ids)),
      );
      expect(answers.filter(({ taken }) => taken.allowed)).toHaveLength(capacity);
      for (const { found } of answers) expect(found).toMatchObject({ outcome: 'live', session });
    }
  });
}

describe('SplitAdmissionStore in process', () => {
  admissionContract((clock) => memoryStores({ clock, maxAgeSeconds }));
});

describeWithRedis('SplitAdmissionStore over Redis', (connection) => {
  admissionContract((clock) => {
    const stores = redisStores(connection(), { clock, maxAgeSeconds });
    const { tokenBucketStore, sessionStore } = stores;
    return { ...stores, admissionStore: new SplitAdmissionStore(tokenBucketStore, sessionStore) };
  });
});

describeWithRedis('RedisAdmissionStore', (connection) => {
  admissionContract((clock) => {
    const stores = redisStores(connection(), { clock, maxAgeSeconds });
    expect(stores.admissionStore).toBeInstanceOf(RedisAdmissionStore);
    return stores;
  });
});
