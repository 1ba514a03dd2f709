import { randomUUID } from 'node:crypto';
import type { TestClock } from '../../testing/test-clock';
import type { Bucket, BucketRate, TokenBucketStore } from './token-bucket-store';

interface Fixture {
  readonly store: TokenBucketStore;
  readonly clock: TestClock;
}

/** So slow that no token comes by itself while a test runs. */
const SLOW = 1 / 3_600;

/** What every token bucket store does when the rate of a bucket in force changes. */
export function bucketRateContract(fixture: () => Fixture): void {
  const take = (bucket: Bucket) => fixture().store.take([bucket]);
  const admitted = async (times: number, bucketOf: (index: number) => Bucket) => {
    const results = await Promise.all(Array.from({ length: times }, (_, index) => take(bucketOf(index))));
    return results.filter(({ allowed }) => allowed).length;
  };
  const rateSince = (since: number, capacity: number, refillPerSecond = SLOW): Required<BucketRate> => ({
    capacity,
    refillPerSecond,
    since,
  });

  it('counts by what is stricter of both where nobody knows which rate is the newer, until the bucket is full', async () => {
    const { clock } = fixture();
    const key = randomUUID();
    const take10 = () => take({ key, capacity: 10, refillPerSecond: 0.1 });
    expect(await admitted(8, () => ({ key, capacity: 10, refillPerSecond: 0.1 }))).toBe(8);
    // More room is there when it is full again.
    expect((await take({ key, capacity: 20, refillPerSecond: 1 })).levels[0]?.remaining).toBe(1);
    expect((await take10()).levels[0]?.remaining).toBe(0);
    // Less room: empty, but no emptier.
    const refused = await take({ key, capacity: 5, refillPerSecond: 0.2 });
    expect(refused.allowed).toBe(false);
    expect(refused.levels[0]?.msToNext).toBeLessThanOrEqual(10_000);
    clock.advance(30_500);
    // Three tokens at the slower rate, whoever asks.
    expect((await take({ key, capacity: 5, refillPerSecond: 2 })).levels[0]?.remaining).toBe(2);
    expect((await take10()).levels[0]?.remaining).toBe(1);
    clock.advance(60_000);
    expect((await take({ key, capacity: 20, refillPerSecond: 1 })).levels[0]?.remaining).toBe(19);
  });

  it('mints nothing where 64 at once know two rates and nobody knows which is the newer, however often they take turns', async () => {
    for (const [one, other] of [
      [50, 10],
      [10, 50],
    ] as const) {
      const key = randomUUID();
      let passed = 0;
      for (let round = 0; round < 10; round += 1) {
        passed += await admitted(64, (index) => ({
          key,
          capacity: index % 2 === 0 ? one : other,
          refillPerSecond: SLOW,
        }));
      }
      expect(passed).toBeLessThanOrEqual(50);
      expect(passed).toBeGreaterThanOrEqual(10);
    }
  });

  it('counts a faster refill from when it came into force, whoever asks when', async () => {
    const { clock } = fixture();
    const key = randomUUID();
    expect(await admitted(10, () => ({ key, capacity: 10, refillPerSecond: SLOW }))).toBe(10);
    clock.advance(60_000);
    const faster = rateSince(clock.now(), 10, 0.5);
    clock.advance(8_500);
    expect(await admitted(64, () => ({ key, ...faster }))).toBe(4);
  });

  it('counts a slower refill from when it came into force: nothing is minted after it', async () => {
    const { clock } = fixture();
    const key = randomUUID();
    expect(await admitted(60, () => ({ key, capacity: 60, refillPerSecond: 0.5 }))).toBe(60);
    clock.advance(10_500);
    const slower = rateSince(clock.now(), 60, SLOW);
    clock.advance(60_000);
    expect(await admitted(64, () => ({ key, ...slower }))).toBe(5);
  });

  it('empties a bucket that owes more than a smaller one holds, and lets it fill from then on', async () => {
    const { clock } = fixture();
    const key = randomUUID();
    expect(await admitted(50, () => ({ key, capacity: 50, refillPerSecond: SLOW }))).toBe(50);
    const smaller = rateSince(clock.now(), 5, 0.1);
    clock.advance(25_500);
    // Two tokens since the change, which nobody noticed until now; not a wait for 45 first.
    expect(await admitted(64, () => ({ key, ...smaller }))).toBe(2);
    expect((await take({ key, ...smaller })).levels[0]?.msToNext).toBeLessThanOrEqual(10_000);
  });

  it('never holds more than the new capacity, however full it was and however long it rests', async () => {
    const { clock } = fixture();
    const key = randomUUID();
    expect(await admitted(1, () => ({ key, capacity: 1_000_000, refillPerSecond: SLOW }))).toBe(1);
    const smaller = rateSince(clock.now(), 3, SLOW);
    clock.advance(40 * 86_400_000);
    expect(await admitted(64, () => ({ key, ...smaller }))).toBe(3);
  });

  it('mints nothing where 64 at once know an old and a new rate, in any order', async () => {
    const { clock } = fixture();
    for (const [before, after] of [
      [20, 5],
      [5, 20],
    ] as const) {
      for (let round = 0; round < 20; round += 1) {
        const key = randomUUID();
        const old = rateSince(clock.now() - 3_600_000, before);
        const fresh = rateSince(clock.now(), after);
        const passed = await admitted(64, (index) => ({ key, ...(index % 2 === 0 ? old : fresh) }));
        expect(passed).toBeLessThanOrEqual(Math.max(before, after));
        // Once the newer is known to the bucket, it alone counts.
        expect((await take({ key, ...old })).allowed).toBe(false);
        expect((await take({ key, ...fresh })).allowed).toBe(false);
      }
    }
  });

  it('does not count the seconds before a change again at each change of hands', async () => {
    const { clock } = fixture();
    const key = randomUUID();
    const old = rateSince(clock.now() - 3_600_000, 40);
    await admitted(40, () => ({ key, ...old }));
    const faster = rateSince(clock.now(), 40, 2);
    clock.advance(2_100);
    let passed = 0;
    for (let round = 0; round < 30; round += 1) {
      for (const rate of [faster, old]) if ((await take({ key, ...rate })).allowed) passed += 1;
    }
    // Four in two seconds, and what the rounds themselves take.
    expect(passed).toBeGreaterThanOrEqual(4);
    expect(passed).toBeLessThanOrEqual(5);
  });

  it('takes a change from the future, of a clock that is ahead, as one of now', async () => {
    const { clock } = fixture();
    const key = randomUUID();
    await admitted(10, () => ({ key, capacity: 10, refillPerSecond: SLOW }));
    const ahead = rateSince(clock.now() + 3_600_000, 10, 0.5);
    expect((await take({ key, ...ahead })).allowed).toBe(false);
    clock.advance(2_100);
    expect(await admitted(9, () => ({ key, ...ahead }))).toBe(1);
  });

  it('stays a number at the ends of what a rate can be', async () => {
    const { store, clock } = fixture();
    const key = randomUUID();
    const rates = [
      { capacity: 1, refillPerSecond: 1e-9 },
      { capacity: 1_000_000, refillPerSecond: 1_000_000 },
      { capacity: 1_000_000, refillPerSecond: 1e-9 },
      { capacity: 1, refillPerSecond: 1_000_000 },
    ];
    for (const rate of rates) {
      const bucket = { key, ...rate, since: clock.now() };
      const { levels } = await store.take([bucket]);
      expect(levels[0]?.remaining).toBeLessThanOrEqual(rate.capacity);
      expect(levels[0]?.msToNext).toBeLessThanOrEqual(1e12);
      await store.giveBack([{ ...bucket, takenAt: levels[0]?.at ?? 0 }]);
      clock.advance(5);
    }
    for (const since of [-1, 0.5, Number.NaN, Infinity]) {
      await expect(store.take([{ key, ...rates[0], since } as Bucket])).rejects.toThrow(RangeError);
    }
    for (const refillPerSecond of [Number.NaN, Infinity, -1]) {
      await expect(store.take([{ key, capacity: 1, refillPerSecond }])).rejects.toThrow(RangeError);
    }
  });
}
