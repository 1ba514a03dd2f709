import { recordStores } from '../../backends';
import { atOnce } from '../../testing/at-once';
import { TestClock } from '../../testing/test-clock';
import { createTestDatabase } from '../../testing/test-database';
import { Database } from '../postgres/database';
import type { LimitOverrideStore } from './limit-override-store';

const BY_TEST = { actorId: null, address: 'local', requestId: 'test' };

describe('changed limits in PostgreSQL', () => {
  const clock = new TestClock();
  let test: Awaited<ReturnType<typeof createTestDatabase>>;
  let database: Database;
  let store: LimitOverrideStore;
  beforeAll(async () => {
    test = await createTestDatabase();
    database = new Database(test.url, { connectMs: 10_000, statementMs: 10_000 });
    const secretKeys = ['a-derivation-secret-for-the-tests-alone-01'];
    ({ limitOverrideStore: store } = recordStores({ database, clock, secretKeys, onAudit: () => {} }));
  });
  afterEach(() => database.run((db) => db.limitOverride.deleteMany()));
  afterAll(async () => {
    await database.close();
    await test.drop();
  });
  const told = () => database.run((db) => db.auditEvent.count());

  it('keeps what is not changed, and when the rate was changed', async () => {
    const first = await store.change('login', { capacity: 5 }, BY_TEST);
    expect(first).toMatchObject({ policy: 'login', capacity: 5, refillPerSecond: null, shadowUntil: null });
    expect(first.rateSince).toBe(first.changedAt);
    clock.advance(1_000);
    const shadowUntil = clock.now() + 60_000;
    const second = await store.change('login', { shadowUntil }, BY_TEST);
    expect(second).toEqual({ ...first, shadowUntil, changedAt: expect.any(Number) });
    expect(second.changedAt).toBeGreaterThan(first.changedAt);
    const third = await store.change('login', { capacity: null }, BY_TEST);
    expect(third).toMatchObject({ capacity: null, shadowUntil, rateSince: third.changedAt });
    expect(await store.list()).toEqual([third]);
  });

  it('orders changes, also those of a clock that is behind', async () => {
    const first = await store.change('login', { capacity: 5 }, BY_TEST);
    clock.advance(-3_600_000);
    const second = await store.change('login', { capacity: 6 }, BY_TEST);
    clock.advance(3_600_000);
    expect(second.changedAt).toBe(first.changedAt + 1);
    expect(second.rateSince).toBe(second.changedAt);
  });

  it('loses none of 64 changes at once, each told of, and gives each a time of its own', async () => {
    const before = await told();
    const changes = await atOnce(64, (index) =>
      store.change(
        index % 4 === 0 ? 'guest' : 'login',
        index % 2 === 0 ? { capacity: index + 1 } : { refillPerSecond: index + 1 },
        BY_TEST,
      ),
    );
    const ofLogin = changes.filter(({ policy }) => policy === 'login');
    expect(new Set(ofLogin.map(({ changedAt }) => changedAt)).size).toBe(ofLogin.length);
    const last = ofLogin.reduce((newest, each) => (each.changedAt > newest.changedAt ? each : newest));
    expect(last.capacity).not.toBeNull();
    expect(last.refillPerSecond).not.toBeNull();
    expect((await store.list()).find(({ policy }) => policy === 'login')).toEqual(last);
    expect(await told()).toBe(before + 64);
  });

  it.each([
    { capacity: 0 },
    { capacity: 1_000_001 },
    { refillPerSecond: 0 },
    { refillPerSecond: -1 },
    { refillPerSecond: 1_000_001 },
    { refillPerSecond: Number.NaN },
    { refillPerSecond: Infinity },
  ])('holds no %p, whoever writes it, and tells of none', async (change) => {
    const before = await told();
    await expect(store.change('login', change, BY_TEST)).rejects.toThrow();
    await expect(
      database.run(
        (db) =>
          db.$executeRaw`INSERT INTO limit_overrides (policy, capacity, refill_per_second, rate_since, updated_at)
            VALUES ('login', ${change.capacity ?? null}::int, ${String(change.refillPerSecond ?? 1)}::float8, now(), now())`,
      ),
    ).rejects.toThrow(/limit_overrides_/);
    expect(await store.list()).toEqual([]);
    expect(await told()).toBe(before);
  });
});
