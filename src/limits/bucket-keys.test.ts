import fc from 'fast-check';
import { endpointGroups } from '../api';
import { MemoryTokenBucketStore } from '../stores/token-bucket/memory-token-bucket-store';
import type { Bucket } from '../stores/token-bucket/token-bucket-store';
import { FrozenClock } from '../testing/test-clock';
import { bucketsOf } from './bucket-keys';
import { type Charge, Limiter } from './limiter';
import { POLICIES, type PolicyName } from './policies';

const owner = { address: 'the address', email: 'the e-mail', userId: 'the user' };

/** What a limiter's store was asked for. */
async function keysOf(charges: readonly Charge[]): Promise<string[]> {
  const store = new MemoryTokenBucketStore({ clock: new FrozenClock() });
  const peek = jest.spyOn(store, 'peek');
  const limiter = new Limiter({
    store,
    policies: { of: () => ({ capacity: 1, refillPerSecond: 1, since: 0, mode: 'enforce', modeUntil: null }) },
    keys: [Buffer.alloc(32, 1)],
    events: { onDecision: () => {}, onLost: () => {} },
  });
  await limiter.explain(charges);
  const [asked = []]: readonly (readonly Bucket[])[] = peek.mock.calls[0] ?? [];
  return asked.map(({ key }) => key);
}

describe('the buckets of an owner', () => {
  it('are kept as the routes charge them', () => {
    const limits = endpointGroups.flatMap(({ endpoints }) =>
      endpoints.flatMap(
        ({ limits = [] }) => limits as { policy: PolicyName; key: (call: unknown) => unknown }[],
      ),
    );
    expect(limits.length).toBeGreaterThan(8);
    const call = {
      address: owner.address,
      body: { email: owner.email, newEmail: owner.email },
      principal: { user: { id: owner.userId, email: owner.email } },
    };
    for (const { policy, key } of limits) {
      if (key !== undefined) expect(bucketsOf(owner)).toContainEqual({ policy, parts: key(call) });
    }
  });

  it('are all but those of single sessions', () => {
    const others = (Object.keys(POLICIES) as PolicyName[]).filter((name) => name !== 'refresh');
    expect(bucketsOf(owner).map(({ policy }) => policy)).toEqual(others);
    expect(bucketsOf({})).toEqual([]);
  });

  it('have keys that no other parts lead to, however those are written', async () => {
    const text = fc.oneof(
      fc.constantFrom(
        '',
        'a',
        'a|b',
        'a","b',
        '["a","b"]',
        'a\u0000b',
        'a@b|c',
        'login-account',
        '__proto__',
      ),
      fc.string({ maxLength: 6 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({ address: text, email: text }),
        fc.record({ address: text, email: text }),
        async (one, two) => {
          const [ones, twos] = [bucketsOf(one), bucketsOf(two)];
          const [oneKeys, twoKeys] = [await keysOf(ones), await keysOf(twos)];
          expect(new Set(oneKeys).size).toBe(oneKeys.length);
          for (const [index, key] of oneKeys.entries()) {
            const same = JSON.stringify(ones[index]) === JSON.stringify(twos[index]);
            expect(twoKeys[index] === key).toBe(same);
            if (!same) expect(twoKeys).not.toContain(key);
          }
        },
      ),
    );
    const pair = (parts: readonly string[]): Charge => ({ policy: 'login-account', parts });
    const alike = [['a', 'b'], ['a|b'], ['a', 'b', ''], ['', 'a', 'b'], ['ab'], ['b', 'a'], ['["a","b"]']];
    expect(new Set(await keysOf(alike.map(pair))).size).toBe(alike.length);
  });
});
