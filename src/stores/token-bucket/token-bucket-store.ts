/** How a bucket fills: it holds at most `capacity` tokens and gains `refillPerSecond` of them each second. */
export interface BucketRate {
  /** Whole tokens, at least 1. */
  readonly capacity: number;
  /** Tokens a second, more than 0; fractions are usual. */
  readonly refillPerSecond: number;
  /**
   * Milliseconds since the epoch since when this rate holds; 0, or not given: from the first call with it on. Of two
   * rates that callers know of a bucket the later counts for both.
   */
  readonly since?: number;
}

/** One token bucket. */
export interface Bucket extends BucketRate {
  /** Identifies the bucket; whoever shares the key shares the tokens. Holds no personal data in clear. */
  readonly key: string;
  /** In shadow it counts and refuses nothing: it gives a token where it has one. */
  readonly shadow?: boolean;
  /** Gives its token also where another bucket of the same take refuses. It refuses for all of them all the same. */
  readonly regardless?: boolean;
}

/** A token that a bucket gave. */
export interface TakenToken extends Bucket {
  /** `BucketLevel.at` of the take. */
  readonly takenAt: number;
}

export interface BucketLevel {
  /** The store's time of the decision, in microseconds since the epoch. */
  readonly at: number;
  /** Whole tokens left after this call. */
  readonly remaining: number;
  /** Milliseconds, rounded up, until one more whole token is there: at that time, and not before, it is. 0: full. */
  readonly msToNext: number;
  /** True when this bucket had no whole token to give; one in shadow lets through all the same. */
  readonly refused: boolean;
}

export interface TakeResult {
  /** True when every bucket gave a token, those in shadow aside; otherwise none did but those that give regardless. */
  readonly allowed: boolean;
  /** In the order asked for. */
  readonly levels: readonly BucketLevel[];
}

/** A bucket as it stands, for somebody who takes nothing. Times are the store's own. */
export interface BucketState {
  /** Whole tokens. */
  readonly remaining: number;
  /**
   * Milliseconds since the epoch of its first refusal since it last let something through; null while it has a token,
   * and where it has refused nothing.
   */
  readonly refusingSince: number | null;
  /** Milliseconds since the epoch, rounded up, at which the next token comes; null while it has one. */
  readonly opensAt: number | null;
}

/**
 * Exact token buckets: of any number of parallel takes, `capacity + floor(refillPerSecond x seconds)` are allowed.
 * Time is the store's own. On Redis Cluster buckets of several slots are charged in parallel and given back after a
 * refusal: for a moment fewer than the formula may pass, never more.
 */
export interface TokenBucketStore {
  /**
   * Takes one token from each bucket, or from none but those that give regardless. Throws `DependencyUnavailable`, and a
   * plain `Error` when a key comes twice or a bucket makes no sense.
   */
  take(buckets: readonly Bucket[]): Promise<TakeResult>;
  /**
   * Returns tokens to their buckets. Where a bucket has been full since, time has returned the token already, and it is not
   * returned twice. Throws `DependencyUnavailable`.
   */
  giveBack(tokens: readonly TakenToken[]): Promise<void>;
  /** How these buckets stand, in the order asked for; changes nothing. Throws as `take` does. */
  peek(buckets: readonly Bucket[]): Promise<readonly BucketState[]>;
  /** Makes these buckets full. Throws `DependencyUnavailable`. */
  fill(keys: readonly string[]): Promise<void>;
  /** Resolves while every bucket can be charged. Throws `DependencyUnavailable`. */
  ready(): Promise<void>;
}
