import { randomUUID } from 'node:crypto';
import type { TestClock } from '../../testing/test-clock';
import type { Bucket, BucketState, TokenBucketStore } from './token-bucket-store';

interface Fixture {
  readonly store: TokenBucketStore;
  readonly clock: TestClock;
}

const bucket = (capacity: number, refillPerSecond = 0.01, key = randomUUID()): Bucket => ({
  key,
  capacity,
  refillPerSecond,
});

/** The machine's clock and that of the store's server are one here; what a call takes is not. */
const SLACK_MS = 2_000;

/** How every token bucket store shows its buckets, and fills them. */
export function bucketStateContract(fixture: () => Fixture): void {
  const peek = async (one: Bucket): Promise<BucketState> => {
    const [state] = await fixture().store.peek([one]);
    if (state === undefined) throw new Error('no state');
    return state;
  };
  const takeTimes = async (times: number, one: Bucket) => {
    for (let n = 0; n < times; n += 1) await fixture().store.take([one]);
  };
  const expectNear = (time: number | null, expected: number) => {
    expect(Math.abs((time ?? 0) - expected)).toBeLessThan(SLACK_MS);
  };

  it('shows several at once in the order asked, and charges none', async () => {
    const { store } = fixture();
    const [one, two, untouched] = [bucket(3), bucket(4), bucket(5)];
    await takeTimes(1, one);
    await takeTimes(3, two);
    for (let round = 0; round < 3; round += 1) {
      const states = await store.peek([two, untouched, one]);
      expect(states.map(({ remaining }) => remaining)).toEqual([1, 5, 2]);
      expect(states.map(({ refusingSince, opensAt }) => [refusingSince, opensAt])).toEqual(
        Array(3).fill([null, null]),
      );
    }
    await Promise.all(Array.from({ length: 64 }, () => store.peek([one])));
    expect((await store.take([one])).levels[0]?.remaining).toBe(1);
    expect(await store.peek([])).toEqual([]);
  });

  it('tells when an empty one opens, and since when it refuses: the first refusal, not the last', async () => {
    const { store, clock } = fixture();
    const one = bucket(2, 0.01);
    await takeTimes(2, one);
    const emptied = await peek(one);
    // Nobody was refused yet.
    expect(emptied).toMatchObject({ remaining: 0, refusingSince: null });
    expectNear(emptied.opensAt, clock.now() + 100_000);
    clock.advance(10_000);
    const first = clock.now();
    await takeTimes(1, one);
    clock.advance(30_000);
    await takeTimes(3, one);
    const refusing = await peek(one);
    expectNear(refusing.refusingSince, first);
    expectNear(refusing.opensAt, first + 90_000);
    clock.advance((refusing.opensAt ?? 0) - clock.now());
    expect(await peek(one)).toEqual({ remaining: 1, refusingSince: null, opensAt: null });
    expect((await store.take([one])).allowed).toBe(true);
    expect(await peek(one)).toMatchObject({ remaining: 0, refusingSince: null });
    const second = clock.now();
    await takeTimes(1, one);
    expectNear((await peek(one)).refusingSince, second);
  });

  it('knows only refusals of its own, and none of a bucket in shadow', async () => {
    const { store } = fixture();
    const [empty, open, shadow] = [bucket(1), bucket(5), { ...bucket(1), shadow: true }];
    await store.take([empty]);
    for (let n = 0; n < 2; n += 1) await store.take([open, empty]);
    expect((await peek(empty)).refusingSince).not.toBeNull();
    await takeTimes(5, open);
    expect(await peek(open)).toMatchObject({ remaining: 0, refusingSince: null });
    await takeTimes(3, shadow);
    expect(await peek(shadow)).toMatchObject({ remaining: 0, refusingSince: null });
    // Back in force it refuses from the first refusal on; in shadow again it lets through.
    await takeTimes(1, { ...shadow, shadow: false });
    expect((await peek(shadow)).refusingSince).not.toBeNull();
    await takeTimes(1, shadow);
    expect((await peek(shadow)).refusingSince).toBeNull();
  });

  it('forgets a refusal by a token that came back, and shows none from after now', async () => {
    const { store, clock } = fixture();
    const one = bucket(1, 0.001);
    const { levels } = await store.take([one]);
    await takeTimes(1, one);
    await store.giveBack([{ ...one, takenAt: levels[0]?.at ?? 0 }]);
    expect(await peek(one)).toEqual({ remaining: 1, refusingSince: null, opensAt: null });
    await takeTimes(2, one);
    clock.advance(-60_000);
    const state = await peek(one);
    expect(state.refusingSince).toBeLessThanOrEqual(clock.now() + SLACK_MS);
    expect(state.opensAt).toBeGreaterThan(clock.now() + 900_000);
  });

  it('shows the same time of opening to everybody who looks, also after a change of the rate', async () => {
    const { clock } = fixture();
    const one = bucket(50, 0.0005);
    await takeTimes(51, one);
    const changed = { ...one, capacity: 5, refillPerSecond: 0.01, since: clock.now() };
    for (let look = 0; look < 4; look += 1) {
      const { remaining, opensAt } = await peek(changed);
      expect(remaining).toBe(0);
      expectNear(opensAt, changed.since + 100_000);
      clock.advance(20_000);
    }
  });

  it('fills what it is told to and nothing else, exactly', async () => {
    const { store } = fixture();
    const [one, two, other] = [bucket(3), bucket(1), bucket(2)];
    for (const each of [one, two, other]) await takeTimes(5, each);
    await store.fill([one.key, two.key, randomUUID()]);
    expect(await store.peek([one, two])).toEqual([
      { remaining: 3, refusingSince: null, opensAt: null },
      { remaining: 1, refusingSince: null, opensAt: null },
    ]);
    expect((await peek(other)).remaining).toBe(0);
    const takes = await Promise.all(Array.from({ length: 64 }, () => store.take([one])));
    expect(takes.filter(({ allowed }) => allowed)).toHaveLength(3);
    await store.fill([]);
  });

  it('refuses what makes no sense, as a take does', async () => {
    const { store } = fixture();
    const one = bucket(5);
    await expect(store.peek([one, { ...one }])).rejects.toThrow('twice');
    await expect(store.peek([{ ...one, capacity: 0.5 }])).rejects.toThrow(RangeError);
  });
}
