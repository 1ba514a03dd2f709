import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describeWithRedis } from '../../testing/describe-with-redis';
import { type Charge, describe as describeLevel, hasToken, settle, withTokenBack } from './level';
import type { Bucket } from './token-bucket-store';

/** The script over a clock that stands still: its first argument is the time, and keys live by the test's, not Redis'. */
function atGivenTime(name: string) {
  const prelude = `
    local server = redis
    local redis = {
      call = function(name, key, value)
        if name == 'SET' then
          return server.call('SET', key, value, 'EX', 60)
        end
        return server.call(name, key)
      end,
    }
    local function now_us(given) return given end
    local function server_stamp() return 'abc' end`;
  const read = (part: string) => readFileSync(join(__dirname, `${part}.lua`), 'utf8');
  const source = [prelude, read('bucket'), read(name)].join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

describe('the level of a bucket in Lua', () => {
  it('reads its scripts', () => expect(atGivenTime('take').source).toContain('server_stamp()'));
});

describeWithRedis('the level of a bucket in Lua and in TypeScript', (connection) => {
  const take = atGivenTime('take');
  const giveBack = atGivenTime('give-back');
  const rate = fc.oneof(
    fc.integer({ min: 1, max: 100_000 }),
    fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 86_400 })).map(([a, b]) => a / b),
  );
  const step = fc.record({
    us: fc.oneof(fc.nat(3_000_000), fc.integer({ min: -5_000_000, max: 100_000_000 })),
    takes: fc.nat(4),
    gives: fc.boolean(),
    capacity: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 5 }),
    refill: fc.option(rate, { freq: 5 }),
    /** Milliseconds before now since when the rate holds, where that is known. */
    age: fc.option(fc.integer({ min: -500, max: 20_000 }), { freq: 5 }),
  });

  it('is the same number after any steps of the clock, takes, returns and changes of the bucket', async () => {
    await fc.assert(
      fc.asyncProperty(rate, fc.array(step, { minLength: 1, maxLength: 20 }), async (refill, steps) => {
        const key = randomUUID();
        let bucket: Bucket & { since: number } = { key, capacity: 6, refillPerSecond: refill, since: 0 };
        let now = 1_800_000_000_123_456;
        let charge: Charge | undefined;
        const run = async (script: typeof take) =>
          connection().run(
            script,
            [key],
            [now, `${bucket.capacity}/${bucket.refillPerSecond}/${bucket.since}`],
          );
        for (const { us, takes, gives, age, ...change } of steps) {
          now += us;
          bucket = {
            key,
            capacity: change.capacity ?? bucket.capacity,
            refillPerSecond: change.refill ?? bucket.refillPerSecond,
            since: age === null ? bucket.since : Math.floor(now / 1_000) - age,
          };
          for (let n = 0; n < takes; n += 1) {
            charge = settle(charge, bucket, now);
            const given = hasToken(charge, now);
            if (given) charge = { ...charge, taken: charge.taken + 1 };
            const { remaining, msToNext } = describeLevel(charge, now);
            expect(await run(take)).toEqual([given ? 1 : 0, remaining, msToNext, given ? 0 : 1]);
          }
          if (gives) {
            charge = withTokenBack(settle(charge, bucket, now));
            const { remaining, msToNext } = describeLevel(charge, now);
            expect(await run(giveBack)).toEqual([remaining, msToNext]);
            // What is full again is not kept, nor the rate that it had.
            if (settle(charge, { key, ...charge }, now).taken === 0) charge = undefined;
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
