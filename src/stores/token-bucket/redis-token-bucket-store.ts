import type { Clock } from '../../clock';
import type { RedisConnection } from '../redis/redis';
import { loadScript, type RedisScript } from '../redis/redis-script';
import { giveBackArguments, rateArguments, readTake, storedKey, takeArguments } from './bucket-arguments';
import { checkBuckets } from './level';
import type {
  Bucket,
  BucketLevel,
  BucketState,
  TakenToken,
  TakeResult,
  TokenBucketStore,
} from './token-bucket-store';

const takeScript = loadScript(__dirname, 'bucket', 'take-all', 'take');
const giveBackScript = loadScript(__dirname, 'bucket', 'give-back');
const peekScript = loadScript(__dirname, 'bucket', 'peek');
const fillScript = loadScript(__dirname, 'fill');

/** Token buckets in Redis, by Redis' time. What was taken before a restart of the server stays taken, if it kept that. */
export class RedisTokenBucketStore implements TokenBucketStore {
  readonly #connection: Pick<RedisConnection, 'isCluster' | 'ready' | 'run'>;
  readonly #clock: Pick<Clock, 'offset'>;

  constructor(
    connection: Pick<RedisConnection, 'isCluster' | 'ready' | 'run'>,
    options: { readonly clock: Pick<Clock, 'offset'> },
  ) {
    this.#connection = connection;
    this.#clock = options.clock;
  }

  async take(buckets: readonly Bucket[]): Promise<TakeResult> {
    checkBuckets(buckets);
    if (buckets.length === 0) return { allowed: true, levels: [] };
    if (!this.#connection.isCluster || buckets.length === 1) return this.#takeTogether(buckets);
    return this.#takeApart(buckets);
  }

  async giveBack(tokens: readonly TakenToken[]): Promise<void> {
    checkBuckets(tokens);
    await this.#inGroups(tokens, (group) => this.#giveBackTogether(group));
  }

  async peek(buckets: readonly Bucket[]): Promise<BucketState[]> {
    checkBuckets(buckets);
    return this.#inGroups(buckets, async (group) => {
      const numbers = await this.#run(peekScript, group, rateArguments);
      return group.map((_, index) => {
        const [remaining = 0, refusingSince, opensAt] = numbers.slice(index * 3, index * 3 + 3);
        return { remaining, refusingSince: refusingSince || null, opensAt: opensAt || null };
      });
    });
  }

  async fill(keys: readonly string[]): Promise<void> {
    await this.#inGroups(keys, async (group) => {
      await this.#connection.run(fillScript, group.map(storedKey), []);
      return [];
    });
  }

  ready(): Promise<void> {
    return this.#connection.ready();
  }

  async #takeTogether(buckets: readonly Bucket[]): Promise<TakeResult> {
    return readTake(await this.#run(takeScript, buckets, takeArguments), buckets.length);
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
        buckets.map(async (bucket, index) => {
          const level = results[index]?.levels[0];
          if (level?.refused !== false || bucket.regardless === true) return undefined;
          const [left] = await this.#giveBackTogether([{ ...bucket, takenAt: level.at }]);
          return [{ ...level, ...left }];
        }),
      ),
    );
    const taken = settledValues(settled);
    return { allowed: false, levels: taken.flatMap(({ levels }, index) => givenBack[index] ?? levels) };
  }

  async #giveBackTogether(
    tokens: readonly TakenToken[],
  ): Promise<Pick<BucketLevel, 'remaining' | 'msToNext'>[]> {
    const numbers = await this.#run(giveBackScript, tokens, giveBackArguments);
    return tokens.map((_, index) => {
      const [remaining = 0, msToNext = 0] = numbers.slice(index * 2, index * 2 + 2);
      return { remaining, msToNext };
    });
  }

  /** What share a server goes in one script, on Redis Cluster each in its own, in parallel. */
  async #inGroups<Item, Result>(
    items: readonly Item[],
    call: (group: readonly Item[]) => Promise<readonly Result[]>,
  ): Promise<Result[]> {
    if (items.length === 0) return [];
    const groups = this.#connection.isCluster ? items.map((item) => [item]) : [items];
    return settledValues(await Promise.allSettled(groups.map(call))).flat();
  }

  #run<B extends Bucket>(
    script: RedisScript,
    buckets: readonly B[],
    argumentsOf: (offset: number, buckets: readonly B[]) => number[],
  ): Promise<number[]> {
    const keys = buckets.map(({ key }) => storedKey(key));
    const args = argumentsOf(this.#clock.offset, buckets);
    return this.#connection.run(script, keys, args) as Promise<number[]>;
  }
}

/** The values, once all have settled, so that no failure is left unheard; throws the first failure. */
function settledValues<T>(settled: readonly PromiseSettledResult<T>[]): T[] {
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
