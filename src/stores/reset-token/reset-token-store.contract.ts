import { randomUUID } from 'node:crypto';
import type { TestClock } from '../../testing/test-clock';
import type { ResetTokenStore } from './reset-token-store';

export interface ResetTokenFixture {
  readonly store: ResetTokenStore;
  readonly clock: TestClock;
}

/** What every store of reset tokens does; `fixture` is asked anew in each test. */
export function resetTokenStoreContract(fixture: () => ResetTokenFixture): void {
  const given = async (lifetime = 600_000) => {
    const { store, clock } = fixture();
    const digest = randomUUID();
    const grant = { userId: randomUUID(), credentialVersion: 7 };
    await store.put(digest, grant, clock.now() + lifetime);
    return { store, clock, digest, grant };
  };

  it('finds a grant as often as asked, until it is removed', async () => {
    const { store, digest, grant } = await given();
    expect(await store.find(digest)).toEqual(grant);
    expect(await store.find(digest)).toEqual(grant);
    expect(await store.find(randomUUID())).toBeUndefined();
    expect(await store.remove(randomUUID())).toBe(false);
    expect(await store.remove(digest)).toBe(true);
    expect(await store.find(digest)).toBeUndefined();
  });

  it('lets one of 64 at once remove it, in 100 rounds', async () => {
    for (let round = 0; round < 100; round += 1) {
      const { store, digest } = await given();
      const removed = await Promise.all(Array.from({ length: 64 }, () => store.remove(digest)));
      expect(removed.filter(Boolean)).toHaveLength(1);
    }
  });

  it('forgets a grant when its time has come: none finds it, none removes it', async () => {
    const { store, clock, digest } = await given();
    clock.advance(595_000);
    expect(await store.find(digest)).toBeDefined();
    clock.advance(5_001);
    expect(await store.find(digest)).toBeUndefined();
    expect(await store.remove(digest)).toBe(false);
    const late = await given(-1);
    expect(await late.store.find(late.digest)).toBeUndefined();
  });
}
