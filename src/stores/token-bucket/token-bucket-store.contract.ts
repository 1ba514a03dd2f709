import { randomUUID } from 'node:crypto';
import type { TestClock } from '../../testing/test-clock';
import { bucketRateContract } from './bucket-rate.contract';
import { bucketRegardlessContract } from './bucket-regardless.contract';
import { bucketShadowContract } from './bucket-shadow.contract';
import { bucketStateContract } from './bucket-state.contract';
import type { Bucket, TokenBucketStore } from './token-bucket-store';

export interface TokenBucketFixture {
  readonly store: TokenBucketStore;
  readonly clock: TestClock;
}

/** So slow that no token comes by itself while a test runs. */
const SLOW = 1 / 3_600;
const bucket = (capacity: number, refillPerSecond = SLOW, key = randomUUID()): Bucket => ({
  key,
  capacity,
  refillPerSecond,
});

/** What every token bucket store does; `fixture` is asked anew in each test. */
export function tokenBucketStoreContract(fixture: () => TokenBucketFixture): void {
  const takeTimes = async (times: number, buckets: readonly Bucket[]) => {
    const results = await Promise.all(Array.from({ length: times }, () => fixture().store.take(buckets)));
    return results.filter(({ allowed }) => allowed).length;
  };

  it('gives as many tokens as a bucket holds, counts down, then refuses and says when to come again', async () => {
    const { store } = fixture();
    const one = bucket(3, 0.1);
    const levels = [];
    for (let n = 0; n < 4; n += 1) levels.push(await store.take([one]));
    expect(levels.map(({ allowed }) => allowed)).toEqual([true, true, true, false]);
    expect(levels.map((result) => result.levels[0]?.remaining)).toEqual([2, 1, 0, 0]);
    expect(levels.map((result) => result.levels[0]?.refused)).toEqual([false, false, false, true]);
    const ms = levels[3]?.levels[0]?.msToNext ?? 0;
    expect(ms).toBeGreaterThan(8_000);
    expect(ms).toBeLessThanOrEqual(10_000);
  });

  it('admits exactly the capacity of 64 at once, in 100 rounds', async () => {
    for (let round = 0; round < 100; round += 1) {
      const capacity = 1 + (round % 70);
      expect(await takeTimes(64, [bucket(capacity)])).toBe(Math.min(64, capacity));
    }
  });

  it('admits exactly capacity + floor(refill x time) after time has passed', async () => {
    const { clock } = fixture();
    const one = bucket(20, 1 / 7);
    expect(await takeTimes(64, [one])).toBe(20);
    // 9 tokens after 63 s; half a second more leaves room for the time the test itself takes.
    clock.advance(63_500);
    expect(await takeTimes(64, [one])).toBe(9);
    clock.advance(3_600_000);
    expect(await takeTimes(64, [one])).toBe(20);
  });

  it('admits a retry after msToNext, and none shortly before', async () => {
    const { store, clock } = fixture();
    const one = bucket(2, 1 / 60);
    await takeTimes(2, [one]);
    const ms = (await store.take([one])).levels[0]?.msToNext ?? 0;
    clock.advance(ms - 2_000);
    expect((await store.take([one])).allowed).toBe(false);
    clock.advance(2_000);
    expect((await store.take([one])).allowed).toBe(true);
    expect((await store.take([one])).allowed).toBe(false);
  });

  it('takes from every bucket or from none, whichever refuses', async () => {
    const { store } = fixture();
    const wide = bucket(100);
    const narrow = bucket(5);
    expect(await takeTimes(64, [wide, narrow])).toBeLessThanOrEqual(5);
    while ((await store.take([narrow])).allowed);
    const refused = await store.take([wide, narrow]);
    expect(refused.levels.map((level) => level.refused)).toEqual([false, true]);
    const before = refused.levels[0]?.remaining ?? 0;
    const again = await store.take([narrow, wide]);
    expect(again.levels.map((level) => level.refused)).toEqual([true, false]);
    expect(again.levels[1]?.remaining).toBe(before);
    expect(before).toBeGreaterThanOrEqual(95);
  });

  it('gives back one token, never above the capacity', async () => {
    const { store } = fixture();
    const one = bucket(4);
    const takenFrom = async (from: Bucket) => {
      const { levels } = await store.take([from]);
      return { ...from, takenAt: levels[0]?.at ?? 0 };
    };
    await takenFrom(one);
    const token = await takenFrom(one);
    await store.giveBack([token]);
    expect((await store.take([one])).levels[0]?.remaining).toBe(2);
    for (let n = 0; n < 9; n += 1) await store.giveBack([token]);
    expect((await store.take([one])).levels[0]?.remaining).toBe(3);
    const untouched = bucket(2);
    await store.giveBack([{ ...untouched, takenAt: token.takenAt }]);
    expect((await store.take([untouched])).levels[0]?.remaining).toBe(1);
  });

  it('returns no token that time has returned already, of 64 that were held while the bucket filled up', async () => {
    const { store, clock } = fixture();
    const one = bucket(64, 16);
    const held = await Promise.all(Array.from({ length: 64 }, () => store.take([one])));
    clock.advance(4_100);
    expect(await takeTimes(64, [one])).toBe(64);
    const tokens = held.flatMap(({ levels }) => levels.map(({ at }) => ({ ...one, takenAt: at })));
    await Promise.all(tokens.map((token) => store.giveBack([token])));
    // What came by itself while this ran, and no more.
    expect(await takeTimes(64, [one])).toBeLessThan(32);
  });

  it('neither mints tokens nor blocks for long when the clock steps back', async () => {
    const { store, clock } = fixture();
    const one = bucket(5, 1);
    clock.advance(7_200_000);
    await takeTimes(5, [one]);
    clock.advance(-3_600_000);
    expect(await takeTimes(64, [one])).toBeLessThanOrEqual(1);
    const ms = (await store.take([one])).levels[0]?.msToNext ?? 0;
    expect(ms).toBeLessThanOrEqual(5_000);
    clock.advance(ms);
    expect((await store.take([one])).allowed).toBe(true);
  });

  it('recovers a level within one filling when the clock steps back a little', async () => {
    const { store, clock } = fixture();
    const one = bucket(2, 0.1);
    await takeTimes(2, [one]);
    clock.advance(25_000);
    await takeTimes(2, [one]);
    clock.advance(-20_000);
    expect((await store.take([one])).allowed).toBe(false);
    clock.advance(20_000);
    expect(await takeTimes(9, [one])).toBeGreaterThanOrEqual(1);
  });

  it('takes nothing from no bucket, and refuses the same key twice in one call', async () => {
    const { store } = fixture();
    expect(await store.take([])).toEqual({ allowed: true, levels: [] });
    const one = bucket(5);
    await expect(store.take([one, { ...one }])).rejects.toThrow('twice');
    await expect(store.take([{ ...one, capacity: 0 }])).rejects.toThrow(RangeError);
    await expect(store.take([{ ...one, refillPerSecond: 0 }])).rejects.toThrow(RangeError);
    expect((await store.take([one])).levels[0]?.remaining).toBe(4);
  });

  describe('whose rate changes', () => bucketRateContract(fixture));
  describe('in shadow', () => bucketShadowContract(fixture));
  describe('that gives regardless', () => bucketRegardlessContract(fixture));
  describe('looked at and filled', () => bucketStateContract(fixture));
}
