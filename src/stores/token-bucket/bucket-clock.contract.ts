import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { PlainBucket } from '../../testing/plain-bucket';
import type { FrozenClock } from '../../testing/test-clock';
import type { TakenToken, TokenBucketStore } from './token-bucket-store';

interface Fixture {
  readonly store: TokenBucketStore;
  /** The store's own time. */
  readonly clock: FrozenClock;
}

const LONG_MS = 120_000;
const capacities = fc.integer({ min: 1, max: 50 });
/** Tokens a second, as a fraction. */
const anyRefill = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.constant(1)),
  fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 86_400 })),
);
/** Those that a double holds as they are: then a store has no excuse to differ by a millisecond. */
const binaryRefill = fc.tuple(
  fc.integer({ min: 1, max: 5_000 }),
  fc.integer({ min: 0, max: 16 }).map((power) => 2 ** power),
);
/** How the clock goes on between two calls: mostly as clocks do, at times an hour either way. */
const passing = fc.oneof(
  { weight: 4, arbitrary: fc.nat(5_000) },
  { weight: 1, arbitrary: fc.integer({ min: -10_000, max: -1 }) },
  { weight: 1, arbitrary: fc.integer({ min: -3_600_000, max: 3_600_000 }) },
);
const steps = fc.array(fc.record({ ms: passing, takes: fc.nat(6), gives: fc.boolean() }), {
  minLength: 1,
  maxLength: 20,
});

/** What every token bucket store does while its clock is moved at will, to and fro. */
export function bucketClockContract(fixture: () => Fixture): void {
  const bucketOf = (capacity: number, [tokens, seconds]: readonly [number, number]) => ({
    key: randomUUID(),
    capacity,
    refillPerSecond: tokens / seconds,
  });

  it(
    'gives and tells, to the token and the millisecond, what a plain bucket would',
    () =>
      fc.assert(
        fc.asyncProperty(capacities, binaryRefill, steps, async (capacity, refill, todo) => {
          const { store, clock } = fixture();
          const bucket = bucketOf(capacity, refill);
          const plain = new PlainBucket(capacity, refill, clock.now());
          let takenAt: number | undefined;
          for (const { ms, takes, gives } of todo) {
            clock.advance(ms);
            for (let n = 0; n < takes; n += 1) {
              const allowed = plain.take(clock.now());
              expect(await store.take([bucket])).toEqual({
                allowed,
                levels: [{ ...plain.left, at: clock.now() * 1_000, refused: !allowed }],
              });
              if (allowed) takenAt = clock.now();
            }
            if (gives && takenAt !== undefined) {
              plain.giveBack(clock.now(), takenAt);
              await store.giveBack([{ ...bucket, takenAt: takenAt * 1_000 }]);
            }
          }
        }),
        { numRuns: 200 },
      ),
    LONG_MS,
  );

  it(
    'never gives more than capacity + refill x the time its clock went on, however often that stepped back',
    () =>
      fc.assert(
        fc.asyncProperty(capacities, anyRefill, steps, async (capacity, refill, todo) => {
          const { store, clock } = fixture();
          const bucket = bucketOf(capacity, refill);
          let most = capacity;
          const tokens: TakenToken[] = [];
          for (const { ms, takes, gives } of todo) {
            clock.advance(ms);
            most += (Math.max(0, ms) * bucket.refillPerSecond) / 1_000;
            for (let n = 0; n < takes; n += 1) {
              const { allowed, levels } = await store.take([bucket]);
              if (allowed) tokens.push({ ...bucket, takenAt: levels[0]?.at ?? 0 });
            }
            // The oldest first: it is the likeliest to have come back by itself.
            const token = gives ? tokens.shift() : undefined;
            if (token !== undefined) await store.giveBack([token]);
            expect(tokens.length).toBeLessThanOrEqual(most + 1e-6);
          }
        }),
        { numRuns: 200 },
      ),
    LONG_MS,
  );

  it('mints nothing by tokens that come back late, after the clock has stepped back', async () => {
    const { store, clock } = fixture();
    const bucket = bucketOf(64, [16, 1]);
    const takeAll = async () => {
      const taken = await Promise.all(Array.from({ length: 64 }, () => store.take([bucket])));
      return taken
        .filter(({ allowed }) => allowed)
        .map(({ levels }) => ({ ...bucket, takenAt: levels[0]?.at ?? 0 }));
    };
    const early = await takeAll();
    expect(early).toHaveLength(64);
    clock.advance(-600_000);
    expect(await takeAll()).toHaveLength(0);
    // The bucket is full again, by time alone, before that of the tokens has come.
    clock.advance(60_000);
    expect(await takeAll()).toHaveLength(64);
    await Promise.all(early.map((token) => store.giveBack([token])));
    expect(await takeAll()).toHaveLength(0);
  });

  it(
    'refuses until the moment it tells, 50 ms and 1 ms before it, and admits at it: 1,000 histories',
    async () => {
      let early = 0;
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 8 }), anyRefill, steps, async (capacity, refill, todo) => {
          const { store, clock } = fixture();
          const bucket = bucketOf(capacity, refill);
          const take = async () => (await store.take([bucket])).allowed;
          while (await take());
          for (const { ms, takes } of todo.slice(0, 3)) {
            clock.advance(ms);
            for (let n = 0; n < takes; n += 1) await take();
          }
          let last = await store.take([bucket]);
          while (last.allowed) last = await store.take([bucket]);
          const told = last.levels[0]?.msToNext ?? 0;
          expect(told).toBeGreaterThan(0);
          // An empty bucket is the worst there is: nothing is waited for twice.
          expect(told).toBeLessThanOrEqual(Math.ceil(1_000 / bucket.refillPerSecond));
          if (told > 50) {
            early += 1;
            clock.advance(told - 50);
            expect(await take()).toBe(false);
            clock.advance(50 - told);
          }
          clock.advance(told - 1);
          if (told > 1) expect(await take()).toBe(false);
          clock.advance(1);
          expect(await take()).toBe(true);
        }),
        { numRuns: 1_000 },
      );
      expect(early).toBeGreaterThan(400);
    },
    LONG_MS,
  );
}
