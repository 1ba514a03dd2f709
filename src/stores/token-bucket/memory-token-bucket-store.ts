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
import type {
  Bucket,
  BucketLevel,
  BucketState,
  TakenToken,
  TakeResult,
  TokenBucketStore,
} from './token-bucket-store';

const DEFAULT_MAX_BUCKETS = 1_000_000;
const RETRY_WHEN_FULL_MS = 1_000;
const always = () => true;

/** A bucket of a take, and how it stood before. */
interface Asked {
  readonly bucket: Bucket;
  readonly isHeld: boolean;
  readonly charge: Charge;
}

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
    const asked = buckets.map((bucket): Asked => {
      const held = this.#charges.get(bucket.key, now / 1_000);
      return { bucket, isHeld: held !== undefined, charge: settle(held, bucket, now) };
    });
    const hasRoom = this.#room(asked, now);
    const gives = (one: Asked) => hasRoom(one) && hasToken(one.charge, now);
    const allowed = asked.every((one) => gives(one) || one.bucket.shadow === true);
    const levels = asked.map((one): BucketLevel => {
      // Rather refuse a newcomer than forget a bucket that has been charged.
      if (!hasRoom(one)) return { at: now, remaining: 0, msToNext: RETRY_WHEN_FULL_MS, refused: true };
      const { bucket, charge } = one;
      const given = gives(one);
      let after = charge;
      if (allowed || (given && bucket.regardless === true)) after = allowing(charge, given);
      else if (!given && bucket.shadow !== true) after = refusing(charge, now);
      this.#store(bucket.key, after, now);
      const { remaining, msToNext } = describe(after, now);
      return { at: now, remaining, msToNext, refused: !given };
    });
    return { allowed, levels };
  }

  async giveBack(tokens: readonly TakenToken[]): Promise<void> {
    checkBuckets(tokens);
    const now = this.#now();
    for (const token of tokens) {
      this.#store(token.key, withTokenBack(this.#charge(token, now), token.takenAt, now), now);
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
  #room(asked: readonly Asked[], now: number): (one: Asked) => boolean {
    const newcomers = asked.filter(({ isHeld }) => !isHeld);
    if (newcomers.length === 0) return always;
    const refusing = newcomers.filter(({ bucket }) => bucket.shadow !== true);
    const roomFor = ({ length }: readonly Asked[]) =>
      length === 0 || this.#charges.hasRoomFor(length, now / 1_000);
    const [forAll, forRefusing] = [roomFor(newcomers), roomFor(refusing)];
    return ({ isHeld, bucket }) => isHeld || (bucket.shadow === true ? forAll : forRefusing);
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
