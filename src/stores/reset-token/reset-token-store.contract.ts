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
    const expiresAt = clock.now() + lifetime;
    await store.put(digest, grant, expiresAt);
    return { store, clock, digest, grant, expiresAt };
  };

  it('gives a grant once, and again when it was put back', async () => {
    const { store, digest, grant, expiresAt } = await given();
    expect(await store.take(randomUUID())).toBeUndefined();
    expect(await store.take(digest)).toEqual({ grant, expiresAt });
    expect(await store.take(digest)).toBeUndefined();
    await store.put(digest, grant, expiresAt);
    expect(await store.take(digest)).toEqual({ grant, expiresAt });
  });

  it('gives it to one of 64 at once, in 100 rounds', async () => {
    for (let round = 0; round < 100; round += 1) {
      const { store, digest } = await given();
      const taken = await Promise.all(Array.from({ length: 64 }, () => store.take(digest)));
      expect(taken.filter((grant) => grant !== undefined)).toHaveLength(1);
    }
  });

  it('forgets a grant when its time has come', async () => {
    const early = await given();
    early.clock.advance(595_000);
    expect(await early.store.take(early.digest)).toBeDefined();
    const late = await given();
    late.clock.advance(600_001);
    expect(await late.store.take(late.digest)).toBeUndefined();
    const never = await given(-1);
    expect(await never.store.take(never.digest)).toBeUndefined();
  });
}
