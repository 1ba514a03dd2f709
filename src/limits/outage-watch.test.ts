import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { MemoryTokenBucketStore } from '../stores/token-bucket/memory-token-bucket-store';
import type { Bucket, TokenBucketStore } from '../stores/token-bucket/token-bucket-store';
import { TestClock } from '../testing/test-clock';
import { LOOK_MS, OutageWatch } from './outage-watch';

const bucket: Bucket = { key: 'a', capacity: 5, refillPerSecond: 1 };

describe('the watch over the store of the limits', () => {
  const told: string[] = [];
  let store: TokenBucketStore;
  let watch: OutageWatch;
  let away: Error | undefined;
  beforeEach(() => {
    jest.useFakeTimers();
    told.length = 0;
    away = undefined;
    const memory = new MemoryTokenBucketStore({ clock: new TestClock() });
    const unlessAway = <T>(call: () => Promise<T>) => (away === undefined ? call() : Promise.reject<T>(away));
    store = {
      take: jest.fn((buckets) => unlessAway(() => memory.take(buckets))),
      giveBack: (tokens) => unlessAway(() => memory.giveBack(tokens)),
      peek: (buckets) => unlessAway(() => memory.peek(buckets)),
      fill: (keys) => unlessAway(() => memory.fill(keys)),
      ready: jest.fn(() => unlessAway(() => memory.ready())),
    };
    watch = new OutageWatch(store, {
      onOutage: () => told.push('away'),
      onReturn: () => told.push('back'),
    });
  });
  afterEach(() => {
    watch.stop();
    jest.useRealTimers();
  });

  const goAway = () => {
    away = new DependencyUnavailable('redis', new Error('away'));
  };

  it.each<[string, () => Promise<unknown>]>([
    ['take', () => watch.take([bucket])],
    ['giveBack', () => watch.giveBack([{ ...bucket, takenAt: 0 }])],
    ['peek', () => watch.peek([bucket])],
    ['fill', () => watch.fill(['a'])],
    ['ready', () => watch.ready()],
  ])('tells of an outage at the first %s that fails, once, and of the return by itself', async (_, call) => {
    await call();
    goAway();
    await expect(call()).rejects.toBe(away);
    expect(told).toEqual(['away']);
    await Promise.allSettled(Array.from({ length: 64 }, call));
    await jest.advanceTimersByTimeAsync(10 * LOOK_MS);
    expect(told).toEqual(['away']);
    away = undefined;
    await jest.advanceTimersByTimeAsync(LOOK_MS);
    expect(told).toEqual(['away', 'back']);
    goAway();
    await expect(call()).rejects.toBe(away);
    expect(told).toEqual(['away', 'back', 'away']);
  });

  it('does not take one call that works for the end: of a cluster another server may be away', async () => {
    goAway();
    await expect(watch.take([bucket])).rejects.toBe(away);
    jest.mocked(store.take).mockImplementationOnce(async () => ({ allowed: true, levels: [] }));
    await watch.take([bucket]);
    expect(told).toEqual(['away']);
  });

  it('knows a bug from an outage', async () => {
    await expect(watch.take([bucket, bucket])).rejects.toThrow('twice');
    await jest.advanceTimersByTimeAsync(10 * LOOK_MS);
    expect(told).toEqual([]);
  });

  it('looks no more once stopped', async () => {
    goAway();
    await expect(watch.take([bucket])).rejects.toBe(away);
    watch.stop();
    const asked = jest.mocked(store.ready).mock.calls.length;
    await expect(watch.take([bucket])).rejects.toBe(away);
    away = undefined;
    await jest.advanceTimersByTimeAsync(10 * LOOK_MS);
    expect(told).toEqual(['away']);
    expect(jest.mocked(store.ready).mock.calls.length).toBe(asked);
  });
});
