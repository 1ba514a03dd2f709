import { FrozenClock } from '../../testing/test-clock';
import { MemoryTokenBucketStore } from './memory-token-bucket-store';

describe('MemoryTokenBucketStore with a clock that stands still', () => {
  it('gives memory back as buckets fill up, and refuses newcomers rather than forget a charged bucket', async () => {
    const clock = new FrozenClock();
    const store = new MemoryTokenBucketStore({ clock, maxBuckets: 100 });
    const bucket = (key: string) => ({ key, capacity: 1, refillPerSecond: 1 });
    for (let n = 0; n < 100; n += 1) expect((await store.take([bucket(`a${n}`)])).allowed).toBe(true);
    expect(await store.take([bucket('late')])).toEqual({
      allowed: false,
      levels: [{ at: clock.now() * 1_000, remaining: 0, msToNext: 1_000, refused: true }],
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
