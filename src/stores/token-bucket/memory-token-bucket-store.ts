import type { Clock } from '../../clock';
import { ExpiringMap } from '../memory/expiring-map';
import {
  allowing,
  type Charge,
  checkBuckets,
  describe,
  fullAt,
  hasToken,
  isFull,
  refusing,
  settle,
  stateOf,
  withTokenBack,
} from './level';
import type { Bucket, BucketLevel, BucketState, TakeResult, TokenBucketStore } from './token-bucket-store';

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
    const hasRoom = this.#room(buckets, now);
    const states = buckets.map((bucket) => {
      const charge = this.#charge(bucket, now);
      const room = hasRoom(bucket);
      return { bucket, charge, room, given: room && hasToken(charge, now) };
    });
    const allowed = states.every(({ bucket, given }) => given || bucket.shadow === true);
    const levels = states.map(({ bucket, charge, room, given }): BucketLevel => {
      // Rather refuse a newcomer than forget a bucket that has been charged.
      if (!room) return { remaining: 0, msToNext: RETRY_WHEN_FULL_MS, refused: true };
      let after = charge;
      if (allowed || (given && bucket.regardless === true)) after = allowing(charge, given);
      else if (!given && bucket.shadow !== true) after = refusing(charge, now);
      this.#store(bucket.key, after, now);
      return { ...describe(after, now), refused: !given };
    });
    return { allowed, levels };
  }

  async giveBack(buckets: readonly Bucket[]): Promise<void> {
    checkBuckets(buckets);
    const now = this.#now();
    for (const bucket of buckets) {
      this.#store(bucket.key, withTokenBack(this.#charge(bucket, now)), now);
    }
  }

  async peek(buckets: readonly Bucket[]): Promise<BucketState[]> {
    checkBuckets(buckets);
    const now = this.#now();
    return buckets.map((bucket) => stateOf(this.#charge(bucket, now), now));
  }

  async fill(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#charges.delete(key);
  }

  async ready(): Promise<void> {}

  /** Which of these buckets are held, or can be: all newcomers or none, but one in shadow crowds no other out. */
  #room(buckets: readonly Bucket[], now: number): (bucket: Bucket) => boolean {
    const newcomers = buckets.filter(({ key }) => this.#charges.get(key, now / 1_000) === undefined);
    if (newcomers.length === 0) return () => true;
    const refusing = newcomers.filter(({ shadow }) => shadow !== true);
    const roomFor = ({ length }: readonly Bucket[]) =>
      length === 0 || this.#charges.hasRoomFor(length, now / 1_000);
    const [forAll, forRefusing] = [roomFor(newcomers), roomFor(refusing)];
    return (bucket) => !newcomers.includes(bucket) || (bucket.shadow === true ? forAll : forRefusing);
  }

  #charge(bucket: Bucket, now: number): Charge {
    return settle(this.#charges.get(bucket.key, now / 1_000), bucket, now);
  }

  #store(key: string, charge: Charge, now: number): void {
    if (isFull(charge, now)) this.#charges.delete(key);
    else this.#charges.set(key, charge, fullAt(charge), now / 1_000);
  }

  #now(): number {
    return Math.round(this.#clock.now() * 1_000);
  }
}
