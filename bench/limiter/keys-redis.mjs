import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../redis.mjs';
import { percentilesOf } from './keys-report.mjs';
import { openConnection, redisStore } from './ours.mjs';

const PARALLEL = 128;
const FORGET_MS = 120_000;
/** Partly used for hours; then, by a rate that is newer, for seconds. */
const SLOW = { capacity: 1_000, refillPerSecond: 0.001, since: 0 };
const FAST = { capacity: 1_000, refillPerSecond: 100 };

/** So many buckets in a Redis of their own. */
export async function openRedisPopulation(keys) {
  const redis = await startRedis();
  const { connection } = openConnection(redis.url);
  await connection.ready();
  const store = redisStore(connection);
  const keyOf = (n) => `global:bench-of-the-limiter-with-many-keys-${n}`;
  const numberOf = async (section, name) =>
    Number(new RegExp(`${name}:(\\d+)`).exec(await connection.client.info(section))[1]);

  /** Takes from each once. */
  async function takeAll(rate) {
    let next = 0;
    const client = async () => {
      while (next < keys) {
        const { allowed } = await store.take([{ key: keyOf(next++), ...rate }]);
        if (!allowed) throw new Error('a bucket that is not empty refused');
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, client));
  }

  // So that the script is no part of the difference.
  await store.take([{ key: 'first', ...SLOW }]);
  await store.fill(['first']);
  return {
    memory: () => numberOf('memory', 'used_memory'),
    async fill() {
      await takeAll(SLOW);
      const stored = await connection.client.dbsize();
      if (stored !== keys) throw new Error(`${stored} of ${keys} buckets are stored`);
    },
    async run(takes) {
      const durations = new Float64Array(takes);
      for (let n = 0; n < takes; n += 1) {
        const bucket = { key: keyOf(Math.floor(Math.random() * keys)), ...SLOW };
        const begun = process.hrtime.bigint();
        await store.take([bucket]);
        durations[n] = Number(process.hrtime.bigint() - begun);
      }
      return percentilesOf(durations);
    },
    async atTheBound() {
      const ttl = await connection.client.pttl(await connection.client.randomkey());
      return [`bounded by the time to live: of a bucket that gains a token in 1,000 s, ${ttl} ms are left`];
    },
    async forget() {
      await takeAll({ ...FAST, since: Date.now() });
      const begun = performance.now();
      while ((await connection.client.dbsize()) > 0) {
        if (performance.now() - begun > FORGET_MS) throw new Error('buckets that are full again stay stored');
        await sleep(100);
      }
      const seconds = (performance.now() - begun) / 1_000;
      // The table of the keys shrinks a little at a time.
      await sleep(2_000);
      return [`all gone ${seconds.toFixed(1)} s after they got a rate that fills them within a second`];
    },
    async close() {
      await connection.close();
      await redis.stop();
    },
  };
}
