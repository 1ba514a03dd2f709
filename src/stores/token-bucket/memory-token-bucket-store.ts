import type { Clock } from '../../clock';
import { ExpiringMap } from '../memory/expiring-map';
import { type Charge, checkBuckets, describe, fullAt, hasToken, settle, withTokenBack } from './level';
import type { Bucket, BucketLevel, TakeResult, TokenBucketStore } from './token-bucket-store';

const DEFAULT_MAX_BUCKETS = 1_000_000;
const RETRY_WHEN_FULL_MS = 1_000;

/** Token buckets in this process: for one instance alone, and as what is left of the limits while Redis is away. */
export class MemoryTokenBucketStore implements TokenBucketStore {
  readonly #clock: Clock;
  readonly #charges: ExpiringMap<Charge>;

  constructor(options: { readonly clock: Clock; readonly maxBuckets?: number }) {
    this.#clock = options.clock;
    this.#charges = new ExpiringMap(options.maxBuckets ?? DEFAULT_MAX_BUCKETS);
  }

  async take(buckets: readonly Bucket[]): Promise<TakeResult> {
    checkBuckets(buckets);
    const now = this.#now();
    const newcomers = buckets.filter(({ key }) => !this.#charges.has(key)).length;
    const roomForAll = newcomers === 0 || this.#charges.hasRoomFor(newcomers, now / 1_000);
    const states = buckets.map((bucket) => {
      const room = roomForAll || this.#charges.has(bucket.key);
      const charge = this.#charge(bucket, now);
      return { bucket, charge, room, given: room && hasToken(charge, now) };
    });
    const allowed = states.every(({ given }) => given);
    const levels = states.map(({ bucket, charge, room, given }): BucketLevel => {
      // Rather refuse a newcomer than forget a bucket that has been charged.
      if (!room) return { remaining: 0, msToNext: RETRY_WHEN_FULL_MS, refused: true };
      const after = allowed ? { ...charge, taken: charge.taken + 1 } : charge;
      this.#store(bucket.key, after, now);
      return { ...describe(after, now), refused: !given };
    });
    return { allowed, levels };
  }

  async giveBack(buckets: readonly Bucket[]): Promise<void> {
    checkBuckets(buckets);
    const now = this.#now();
    for (const bucket of buckets) {
      const charge = this.#charge(bucket, now);
      if (charge.taken > 0) this.#store(bucket.key, withTokenBack(charge), now);
    }
  }

  #charge(bucket: Bucket, now: number): Charge {
    return settle(this.#charges.get(bucket.key, now / 1_000), bucket, now);
  }

  #store(key: string, charge: Charge, now: number): void {
    const expiresAt = fullAt(charge);
    if (expiresAt <= now / 1_000) this.#charges.delete(key);
    else this.#charges.set(key, charge, expiresAt, now / 1_000);
  }

  #now(): number {
    return Math.round(this.#clock.now() * 1_000);
  }
}
