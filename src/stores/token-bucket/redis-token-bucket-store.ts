import type { Clock } from '../../clock';
import type { RedisConnection } from '../redis/redis';
import { loadScript } from '../redis/redis-script';
import { checkBuckets } from './level';
import type { Bucket, BucketLevel, TakeResult, TokenBucketStore } from './token-bucket-store';

const takeScript = loadScript(__dirname, 'bucket', 'take');
const giveBackScript = loadScript(__dirname, 'bucket', 'give-back');

/** Token buckets in Redis, by Redis' time. A level from before a restart of the server is forgotten. */
export class RedisTokenBucketStore implements TokenBucketStore {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  constructor(connection: RedisConnection, options: { readonly clock: Clock }) {
    this.#connection = connection;
    this.#clock = options.clock;
  }

  async take(buckets: readonly Bucket[]): Promise<TakeResult> {
    checkBuckets(buckets);
    if (buckets.length === 0) return { allowed: true, levels: [] };
    if (!this.#connection.isCluster || buckets.length === 1) return this.#takeTogether(buckets);
    return this.#takeApart(buckets);
  }

  async giveBack(buckets: readonly Bucket[]): Promise<void> {
    checkBuckets(buckets);
    if (buckets.length === 0) return;
    const groups = this.#connection.isCluster ? buckets.map((bucket) => [bucket]) : [buckets];
    await allOrThrow(groups.map((group) => this.#giveBackTogether(group)));
  }

  async #takeTogether(buckets: readonly Bucket[]): Promise<TakeResult> {
    const [allowed, ...numbers] = await this.#run(takeScript, buckets);
    const levels = buckets.map((_, index) => {
      const [remaining = 0, msToNext = 0, refused] = numbers.slice(index * 3, index * 3 + 3);
      return { remaining, msToNext, refused: refused === 1 };
    });
    return { allowed: allowed === 1, levels };
  }

  /** One script for each slot, in parallel; if not all gave, those that did get theirs back. */
  async #takeApart(buckets: readonly Bucket[]): Promise<TakeResult> {
    const settled = await Promise.allSettled(buckets.map((bucket) => this.#takeTogether([bucket])));
    const results = settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
    if (results.every((result) => result?.allowed === true)) {
      return { allowed: true, levels: results.flatMap((result) => result?.levels ?? []) };
    }
    // What has timed out may have been charged or not: it stays charged, for more must never pass than may.
    const givenBack = settledValues(
      await Promise.allSettled(
        buckets.map(async (bucket, index) =>
          results[index]?.allowed === true ? this.#giveBackTogether([bucket]) : undefined,
        ),
      ),
    );
    const taken = settledValues(settled);
    return { allowed: false, levels: taken.flatMap(({ levels }, index) => givenBack[index] ?? levels) };
  }

  async #giveBackTogether(buckets: readonly Bucket[]): Promise<BucketLevel[]> {
    const numbers = await this.#run(giveBackScript, buckets);
    return buckets.map((_, index) => {
      const [remaining = 0, msToNext = 0] = numbers.slice(index * 2, index * 2 + 2);
      return { remaining, msToNext, refused: false };
    });
  }

  async #run(script: typeof takeScript, buckets: readonly Bucket[]): Promise<number[]> {
    const reply = await this.#connection.run(
      script,
      buckets.map(({ key }) => `bucket:${key}`),
      [
        this.#clock.offset,
        ...buckets.map(
          ({ capacity, refillPerSecond, since = 0 }) => `${capacity}/${refillPerSecond}/${since}`,
        ),
      ],
    );
    return reply as number[];
  }
}

async function allOrThrow(promises: readonly Promise<unknown>[]): Promise<void> {
  settledValues(await Promise.allSettled(promises));
}

/** The values, once all have settled, so that no failure is left unheard; throws the first failure. */
function settledValues<T>(settled: readonly PromiseSettledResult<T>[]): T[] {
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
