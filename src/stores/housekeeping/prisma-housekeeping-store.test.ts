import { ApiClient, logIn, newUser, signUp } from '../../testing/api-client';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { Database } from '../postgres/database';
import { PrismaHousekeepingStore } from './prisma-housekeeping-store';

const DAY = 24 * 60 * 60_000;

describe('housekeeping', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  it('removes what is past its time, and nothing else', async () => {
    const { housekeepingStore } = test.backends;
    const user = await signUp(test);
    const pending = newUser();
    await new ApiClient(test.app).post('/auth/register', pending);
    const { accessToken } = await logIn(test, user);
    const change = { newEmail: newUser().email, password: user.password };
    await new ApiClient(test.app).post('/users/me/email', change, accessToken);
    expect(await housekeepingStore.removeExpired()).toEqual({
      pendingAccounts: 0,
      sessions: 0,
      knownAddresses: 0,
      emailChanges: 0,
    });

    test.clock.advance(DAY + 1000);
    expect(await housekeepingStore.removeExpired()).toEqual({
      pendingAccounts: 1,
      sessions: 0,
      knownAddresses: 0,
      emailChanges: 0,
    });
    // It could be undone for three days, and a mail that it was may take another.
    test.clock.advance(3 * DAY - 10_000);
    expect((await housekeepingStore.removeExpired())?.emailChanges).toBe(0);
    test.clock.advance(10_000);
    expect((await housekeepingStore.removeExpired())?.emailChanges).toBe(1);
    test.clock.advance(4 * DAY);
    expect(await housekeepingStore.removeExpired()).toEqual({
      pendingAccounts: 0,
      sessions: 1,
      knownAddresses: 0,
      emailChanges: 0,
    });
    test.clock.advance(82 * DAY);
    expect(await housekeepingStore.removeExpired()).toEqual({
      pendingAccounts: 0,
      sessions: 0,
      knownAddresses: 1,
      emailChanges: 0,
    });
    expect(await test.database.run((db) => db.user.findMany({ select: { email: true } }))).toEqual([
      { email: user.email },
    ]);
  });

  it('is done by one process at a time', async () => {
    const database = new Database(test.databaseUrl);
    const store = new PrismaHousekeepingStore(database, test.clock);
    await test.database.transaction(async (tx) => {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(7421002)::text`;
      expect(await store.removeExpired()).toBeUndefined();
    });
    expect(await store.removeExpired()).toBeDefined();
    await database.close();
  });
});
