import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describeWithRedis } from '../../testing/describe-with-redis';
import { atGivenTime } from '../../testing/script-at-given-time';
import { loadScript, type RedisScript } from '../redis/redis-script';
import {
  allowing,
  type Charge,
  describe as describeLevel,
  hasToken,
  isFull,
  refusing,
  settle,
  stateOf,
  withTokenBack,
} from './level';
import { MemoryTokenBucketStore } from './memory-token-bucket-store';
import { RedisTokenBucketStore } from './redis-token-bucket-store';
import type { Bucket, BucketState } from './token-bucket-store';

describeWithRedis('the level of a bucket in Lua and in TypeScript', (connection) => {
  const script = (...names: readonly string[]) => atGivenTime(loadScript(__dirname, 'bucket', ...names));
  const [take, giveBack, peek] = [script('take-all', 'take'), script('give-back'), script('peek')];
  const fill = atGivenTime(loadScript(__dirname, 'fill'));
  const refill = fc.oneof(
    fc.integer({ min: 1, max: 100_000 }),
    fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 86_400 })).map(([a, b]) => a / b),
  );
  /** What one caller knows of a bucket; `age`: milliseconds since when its rate holds, where that is known. */
  const known = fc.record({
    capacity: fc.integer({ min: 1, max: 12 }),
    refillPerSecond: refill,
    age: fc.option(fc.integer({ min: -500, max: 20_000 })),
    shadow: fc.boolean(),
    regardless: fc.boolean(),
  });
  type Known = typeof known extends fc.Arbitrary<infer Value> ? Value : never;
  const start = 1_800_000_000_123_456;
  const bucketOf = (key: string, { age, ...rest }: Known, us: number): Bucket => ({
    key,
    since: age === null ? 0 : Math.floor(us / 1_000) - age,
    ...rest,
  });
  const run = (script: RedisScript, us: number, buckets: readonly Bucket[], takenAt?: readonly number[]) =>
    connection().run(
      script,
      buckets.map(({ key }) => key),
      [
        us / 1_000,
        ...buckets.flatMap(({ capacity, refillPerSecond, since = 0 }) => [capacity, refillPerSecond, since]),
        ...(takenAt ?? buckets.map(({ shadow, regardless }) => (shadow ? 1 : 0) + (regardless ? 2 : 0))),
      ],
    );
  const peeked = ({ remaining, refusingSince, opensAt }: BucketState) => [
    remaining,
    refusingSince ?? 0,
    opensAt ?? 0,
  ];

  it('is the same number after any steps of the clock, takes, returns and changes of one bucket', async () => {
    const step = fc.record({
      us: fc.oneof(fc.nat(3_000_000), fc.integer({ min: -5_000_000, max: 100_000_000 })),
      change: fc.option(known, { freq: 2 }),
      takes: fc.nat(4),
      gives: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(known, fc.array(step, { minLength: 1, maxLength: 20 }), async (first, steps) => {
        const key = randomUUID();
        let us = start;
        let bucket = bucketOf(key, { ...first, shadow: false }, us);
        let charge: Charge | undefined;
        let takenAt = 0;
        for (const { us: passed, change, takes, gives } of steps) {
          us += passed;
          if (change !== null) bucket = bucketOf(key, { ...change, shadow: false }, us);
          for (let n = 0; n < takes; n += 1) {
            charge = settle(charge, bucket, us);
            const given = hasToken(charge, us);
            charge = given ? allowing(charge, true) : refusing(charge, us);
            // Just after it: the script is given its time in milliseconds, and may lose a fraction of a microsecond.
            if (given) takenAt = us + 1;
            const { remaining, msToNext } = describeLevel(charge, us);
            expect(await run(take, us, [bucket])).toEqual([
              given ? 1 : 0,
              expect.any(Number),
              remaining,
              msToNext,
              given ? 0 : 1,
            ]);
          }
          if (gives) {
            charge = withTokenBack(settle(charge, bucket, us), takenAt, us);
            const { remaining, msToNext } = describeLevel(charge, us);
            expect(await run(giveBack, us, [bucket], [takenAt])).toEqual([remaining, msToNext]);
          }
          const left = settle(charge, bucket, us);
          expect(await run(peek, us, [bucket])).toEqual(peeked(stateOf(left, us)));
          // Full it may be gone already, or still be there when the clock steps back.
          if (isFull(left, us)) {
            charge = undefined;
            await run(fill, us, [bucket]);
          }
        }
      }),
      { numRuns: 200 },
    );
  }, 30_000);

  it('is the same for two buckets at once, in shadow and not, regardless of each other and not, while the clock goes on', async () => {
    const step = fc.record({
      us: fc.nat(3_000_000),
      change: fc.option(fc.tuple(known, known), { freq: 2 }),
      asked: fc.constantFrom([0], [1], [0, 1], [1, 0]),
      takes: fc.nat(4),
      gives: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        known,
        known,
        fc.array(step, { minLength: 1, maxLength: 20 }),
        async (one, two, steps) => {
          let us = start;
          const store = new MemoryTokenBucketStore({ clock: { now: () => us / 1_000, offset: 0 } });
          const keys = [randomUUID(), randomUUID()];
          const bucketsOf = (both: readonly Known[]) =>
            both.map((each, index) => bucketOf(keys[index] ?? '', each, us));
          let buckets = bucketsOf([one, two]);
          const takenAt = new Map<string, number>();
          const takenFrom = ({ key }: Bucket) => takenAt.get(key) ?? 0;
          for (const { us: passed, change, asked: indexes, takes, gives } of steps) {
            us += passed;
            if (change !== null) buckets = bucketsOf(change);
            const asked = indexes.flatMap((index) => buckets[index] ?? []);
            for (let n = 0; n < takes; n += 1) {
              const { allowed, levels } = await store.take(asked);
              expect(await run(take, us, asked)).toEqual([
                allowed ? 1 : 0,
                expect.any(Number),
                ...levels.flatMap(({ remaining, msToNext, refused }) => [
                  remaining,
                  msToNext,
                  refused ? 1 : 0,
                ]),
              ]);
            }
            if (gives) {
              await store.giveBack(asked.map((bucket) => ({ ...bucket, takenAt: takenFrom(bucket) })));
              await run(giveBack, us, asked, asked.map(takenFrom));
            }
            // Now and then, so that it may have been full since.
            for (const { key } of takes > 2 ? asked : []) takenAt.set(key, us + 1);
            expect(await run(peek, us, buckets)).toEqual((await store.peek(buckets)).flatMap(peeked));
          }
        },
      ),
      { numRuns: 200 },
    );
  }, 30_000);
});

describeWithRedis('a value of another layout', (connection) => {
  it.each([
    ['that of the first version', Buffer.from(`${'0123456789'.repeat(4)}${'\0'.repeat(48)}`)],
    ['a shorter one', Buffer.from('\0'.repeat(48))],
    ['any other', Buffer.from('1')],
  ])('%s is none: the bucket is full, and written anew', async (_, value) => {
    const store = new RedisTokenBucketStore(connection(), { clock: { offset: 0 } });
    const bucket = { key: randomUUID(), capacity: 3, refillPerSecond: 0.001 };
    await store.take([bucket]);
    const [stored = ''] = await connection().client.keys(`*${bucket.key}`);
    await connection().client.set(stored, value);
    expect((await store.peek([bucket]))[0]?.remaining).toBe(3);
    const takes = await Promise.all(Array.from({ length: 64 }, () => store.take([bucket])));
    expect(takes.filter(({ allowed }) => allowed)).toHaveLength(3);
    expect(await connection().client.pttl(stored)).toBeLessThanOrEqual(6_000_000);
  });
});

describeWithRedis('how long Redis keeps a bucket', (connection) => {
  it('is until it is full again and never twice as long, whatever is taken and whatever its rate becomes', async () => {
    const store = new RedisTokenBucketStore(connection(), { clock: { offset: 0 } });
    const bucket = { key: randomUUID(), capacity: 50, refillPerSecond: 0.01 };
    const kept = async () => {
      const [stored = ''] = await connection().client.keys(`*${bucket.key}`);
      return connection().client.pttl(stored);
    };
    const startedAt = performance.now();
    const late = () => performance.now() - startedAt + 5;
    for (let taken = 1; taken <= 50; taken += 1) {
      await store.take([bucket]);
      const ms = await kept();
      expect(ms).toBeGreaterThanOrEqual(taken * 100_000 - late());
      expect(ms).toBeLessThanOrEqual(2 * taken * 100_000 + 5);
    }
    const faster = { ...bucket, refillPerSecond: 1, since: Date.now() };
    for (let n = 0; n < 2; n += 1) {
      await store.take([faster]);
      expect(await kept()).toBeLessThanOrEqual(2 * 50_000 + 5);
      expect(await kept()).toBeGreaterThanOrEqual(50_000 - late());
    }
    const slower = { ...bucket, refillPerSecond: 0.001, since: Date.now() + 1 };
    await store.take([slower]);
    expect(await kept()).toBeGreaterThanOrEqual(40_000_000);
  });
});
