import { randomUUID } from 'node:crypto';
import type { TestClock } from '../../testing/test-clock';
import type { Bucket, TokenBucketStore } from './token-bucket-store';

interface Fixture {
  readonly store: TokenBucketStore;
  readonly clock: TestClock;
}

/** So slow that no token comes by itself while a test runs. */
const bucket = (capacity: number): Bucket => ({ key: randomUUID(), capacity, refillPerSecond: 1 / 3_600 });
const regardless = (of: Bucket): Bucket => ({ ...of, regardless: true });

/** What every token bucket store does with a bucket that gives whatever the others of the take do. */
export function bucketRegardlessContract(fixture: () => Fixture): void {
  const takeAtOnce = (times: number, buckets: readonly Bucket[]) =>
    Promise.all(Array.from({ length: times }, () => fixture().store.take(buckets)));
  const remaining = async (of: Bucket) => (await fixture().store.peek([of]))[0]?.remaining;
  const exhausted = async () => {
    const one = bucket(1);
    await fixture().store.take([one]);
    return one;
  };

  it('is charged where another refuses, which is not', async () => {
    const { store } = fixture();
    const [always, empty, other] = [regardless(bucket(5)), await exhausted(), bucket(5)];
    const refused = await store.take([always, empty, other]);
    expect(refused.allowed).toBe(false);
    expect(refused.levels.map((level) => level.refused)).toEqual([false, true, false]);
    expect(refused.levels[0]?.remaining).toBe(4);
    expect(await Promise.all([always, other].map(remaining))).toEqual([4, 5]);
  });

  it('charges nobody where it refuses itself', async () => {
    const { store } = fixture();
    const [empty, other] = [regardless(await exhausted()), bucket(5)];
    expect((await store.take([empty, other])).allowed).toBe(false);
    expect(await remaining(other)).toBe(5);
  });

  it('gives no more than it has, of 64 at once that another refuses, and then refuses them', async () => {
    for (let capacity = 1; capacity < 64; capacity += 7) {
      const [always, empty] = [regardless(bucket(capacity)), await exhausted()];
      const results = await takeAtOnce(64, [always, empty]);
      expect(results.some(({ allowed }) => allowed)).toBe(false);
      expect(results.filter(({ levels }) => levels[0]?.refused === false)).toHaveLength(capacity);
      expect(await remaining(always)).toBe(0);
    }
  });

  it('counts every one of 64 at once, those that the other admits and those that it refuses', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [always, narrow] = [regardless(bucket(100)), bucket(1 + round * 3)];
      const results = await takeAtOnce(64, [always, narrow]);
      expect(results.filter(({ allowed }) => allowed)).toHaveLength(1 + round * 3);
      expect(await remaining(always)).toBe(36);
    }
  });

  it('is no more blocked once it has given, though the take was refused', async () => {
    const { store, clock } = fixture();
    const [always, empty] = [regardless({ ...bucket(1), refillPerSecond: 1 / 60 }), await exhausted()];
    await takeAtOnce(2, [always, empty]);
    expect((await store.peek([always]))[0]?.refusingSince).not.toBeNull();
    clock.advance(60_000);
    await store.take([always, empty]);
    expect(await store.peek([always])).toMatchObject([{ remaining: 0, refusingSince: null }]);
  });
}
