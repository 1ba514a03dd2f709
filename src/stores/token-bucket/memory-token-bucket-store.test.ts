import fc from 'fast-check';
import { FrozenClock } from '../../testing/test-clock';
import { MemoryTokenBucketStore } from './memory-token-bucket-store';

describe('MemoryTokenBucketStore with a clock that stands still', () => {
  const refill = fc.oneof(
    fc.integer({ min: 1, max: 5_000 }),
    fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 86_400 })).map(([a, b]) => a / b),
  );

  it('admits capacity + floor(refill x time) in one busy stretch, and reports what is left', async () => {
    const steps = fc.array(fc.tuple(fc.nat(5_000), fc.nat(12)), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), refill, steps, async (capacity, perSecond, todo) => {
        const clock = new FrozenClock();
        const store = new MemoryTokenBucketStore({ clock });
        const bucket = { key: 'a', capacity, refillPerSecond: perSecond };
        // The plain model: a stretch begins when the bucket is full; it is over when it is full again.
        let stretch = clock.now();
        let taken = 0;
        for (const [ms, takes] of todo) {
          clock.advance(ms);
          for (let n = 0; n < takes; n += 1) {
            const gained = ((clock.now() - stretch) * perSecond) / 1_000;
            if (gained >= taken) {
              stretch = clock.now();
              taken = 0;
            }
            const most = capacity + ((clock.now() - stretch) * perSecond) / 1_000 + 1e-7;
            const { allowed, levels } = await store.take([bucket]);
            // At a boundary a double may fall on either side of the whole number.
            if (Math.abs(most - Math.round(most)) > 1e-6) expect(allowed).toBe(taken + 1 <= most);
            if (allowed) taken += 1;
            expect(taken).toBeLessThanOrEqual(most);
            expect(levels[0]?.remaining).toBeLessThan(capacity);
          }
        }
      }),
    );
  });

  it('admits at msToNext exactly, and not a millisecond before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        refill,
        fc.nat(100_000),
        async (capacity, perSecond, idle) => {
          const clock = new FrozenClock();
          const store = new MemoryTokenBucketStore({ clock });
          const bucket = { key: 'a', capacity, refillPerSecond: perSecond };
          await store.take([bucket]);
          clock.advance(idle);
          let last = await store.take([bucket]);
          while (last.allowed) last = await store.take([bucket]);
          const ms = last.levels[0]?.msToNext ?? 0;
          clock.advance(ms - 1);
          if (ms > 1) expect((await store.take([bucket])).allowed).toBe(false);
          clock.advance(1);
          expect((await store.take([bucket])).allowed).toBe(true);
        },
      ),
    );
  });

  it('gives memory back as buckets fill up, and refuses newcomers rather than forget a charged bucket', async () => {
    const clock = new FrozenClock();
    const store = new MemoryTokenBucketStore({ clock, maxBuckets: 100 });
    const bucket = (key: string) => ({ key, capacity: 1, refillPerSecond: 1 });
    for (let n = 0; n < 100; n += 1) expect((await store.take([bucket(`a${n}`)])).allowed).toBe(true);
    expect(await store.take([bucket('late')])).toEqual({
      allowed: false,
      levels: [{ remaining: 0, msToNext: 1_000, refused: true }],
    });
    expect((await store.take([bucket('a0')])).allowed).toBe(false);
    clock.advance(1_000);
    for (let n = 0; n < 100; n += 1) expect((await store.take([bucket(`b${n}`)])).allowed).toBe(true);
  });

  it('charges no bucket of a call in which one newcomer finds no room', async () => {
    const clock = new FrozenClock();
    const store = new MemoryTokenBucketStore({ clock, maxBuckets: 2 });
    const bucket = (key: string) => ({ key, capacity: 5, refillPerSecond: 0.001 });
    await store.take([bucket('held')]);
    const { allowed, levels } = await store.take([bucket('held'), bucket('new 1'), bucket('new 2')]);
    expect(allowed).toBe(false);
    expect(levels.map(({ refused }) => refused)).toEqual([false, true, true]);
    expect((await store.take([bucket('held')])).levels[0]?.remaining).toBe(3);
  });

  it('lets no newcomer in shadow crowd out another, and refuses nothing for one that finds no room', async () => {
    const store = new MemoryTokenBucketStore({ clock: new FrozenClock(), maxBuckets: 2 });
    const bucket = (key: string, shadow = false) => ({ key, capacity: 1, refillPerSecond: 0.001, shadow });
    await store.take([bucket('held')]);
    const first = await store.take([bucket('shadow', true), bucket('new')]);
    expect(first.allowed).toBe(true);
    expect(first.levels.map(({ refused }) => refused)).toEqual([true, false]);
    expect((await store.take([bucket('new')])).allowed).toBe(false);
    expect((await store.take([bucket('shadow', true)])).allowed).toBe(true);
    expect((await store.take([bucket('late'), bucket('shadow', true)])).allowed).toBe(false);
  });
});
