import { randomUUID } from 'node:crypto';
import type { TestClock } from '../../testing/test-clock';
import type { Bucket, TokenBucketStore } from './token-bucket-store';

interface Fixture {
  readonly store: TokenBucketStore;
  readonly clock: TestClock;
}

/** So slow that no token comes by itself while a test runs. */
const SLOW = 1 / 3_600;
const bucket = (capacity: number, key = randomUUID()): Bucket => ({ key, capacity, refillPerSecond: SLOW });
const inShadow = (of: Bucket): Bucket => ({ ...of, shadow: true });

/** What every token bucket store does with a bucket in shadow. */
export function bucketShadowContract(fixture: () => Fixture): void {
  const takeAtOnce = (times: number, buckets: readonly Bucket[]) =>
    Promise.all(Array.from({ length: times }, () => fixture().store.take(buckets)));
  const remaining = async (of: Bucket) => (await fixture().store.peek([of]))[0]?.remaining;

  it('counts down as it would, says where it would refuse, and refuses nothing', async () => {
    const { store } = fixture();
    const one = inShadow(bucket(2));
    const results = [];
    for (let n = 0; n < 4; n += 1) results.push(await store.take([one]));
    expect(results.map(({ allowed }) => allowed)).toEqual([true, true, true, true]);
    expect(results.map(({ levels }) => levels[0]?.remaining)).toEqual([1, 0, 0, 0]);
    expect(results.map(({ levels }) => levels[0]?.refused)).toEqual([false, false, true, true]);
    // What it let through beyond its capacity is no debt: back in force it is empty, and no emptier.
    const refused = await store.take([{ ...one, shadow: false }]);
    expect(refused).toMatchObject({ allowed: false, levels: [{ remaining: 0, refused: true }] });
    expect(refused.levels[0]?.msToNext).toBeLessThanOrEqual(3_600_000);
  });

  it('exhausted, leaves the others of the same take exact, with 64 at once', async () => {
    const { store } = fixture();
    for (let round = 0; round < 50; round += 1) {
      const capacity = 1 + (round % 20);
      const [first, shadow, last] = [bucket(64), inShadow(bucket(1 + (round % 3))), bucket(capacity)];
      for (let n = 0; n < 3; n += 1) await store.take([shadow]);
      const results = await takeAtOnce(64, [first, shadow, last]);
      const allowed = results.filter((result) => result.allowed).length;
      // On Redis Cluster a refusal may hold a token for a moment that another then does not find.
      expect(allowed).toBeLessThanOrEqual(capacity);
      while ((await store.take([last])).allowed);
      expect(await remaining(first)).toBe(64 - allowed);
      expect(await remaining(shadow)).toBe(0);
      for (const { levels } of results) expect(levels[1]?.refused).toBe(true);
    }
  });

  it('is charged with the others or not at all, where another refuses', async () => {
    const { store } = fixture();
    const [shadow, empty, full] = [inShadow(bucket(5)), bucket(1), bucket(5)];
    await store.take([empty]);
    const refused = await store.take([shadow, empty, full]);
    expect(refused.allowed).toBe(false);
    expect(refused.levels.map((level) => level.refused)).toEqual([false, true, false]);
    expect(await Promise.all([shadow, full].map(remaining))).toEqual([5, 5]);
    expect((await takeAtOnce(64, [shadow, empty])).some(({ allowed }) => allowed)).toBe(false);
    expect(await remaining(shadow)).toBe(5);
  });

  it('takes from itself exactly its capacity of 64 at once', async () => {
    for (let capacity = 1; capacity < 64; capacity += 7) {
      const results = await takeAtOnce(64, [inShadow(bucket(capacity))]);
      expect(results.every(({ allowed }) => allowed)).toBe(true);
      expect(results.filter(({ levels }) => levels[0]?.refused === false)).toHaveLength(capacity);
    }
  });

  it('and enforced by another caller at the same time, is one bucket', async () => {
    const { store } = fixture();
    const one = bucket(20);
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, n) => store.take([n % 2 === 0 ? one : inShadow(one)])),
    );
    expect(results.filter(({ levels }) => levels[0]?.refused === false)).toHaveLength(20);
    expect(await remaining(one)).toBe(0);
  });

  it('does not make a take of nothing else fail for it, nor hide that a bucket makes no sense', async () => {
    const { store } = fixture();
    expect((await store.take([inShadow(bucket(1)), inShadow(bucket(1))])).allowed).toBe(true);
    await expect(store.take([inShadow({ ...bucket(1), capacity: 0 })])).rejects.toThrow(RangeError);
    const one = bucket(1);
    await expect(store.take([one, inShadow(one)])).rejects.toThrow('twice');
  });
}
