import type { Bucket, BucketLevel, BucketRate } from './token-bucket-store';

/**
 * What a bucket holds: when it was last full, or got its rate (`anchor`, microseconds), and how many tokens were missing
 * then or were taken since (`taken`; whole unless the rate changed). So its level is one multiplication,
 * `capacity - taken + (now - anchor) x refill`, and nothing adds up rounding errors. `bucket.lua` is the same in Lua; the
 * contract suite holds both to the same numbers.
 */
export interface Charge extends Required<BucketRate> {
  readonly anchor: number;
  readonly taken: number;
}

/** A billionth of a token: what a double may lose in that multiplication. */
const EPSILON = 1e-9;
/** Tokens gained after which the anchor is moved, so that the doubles keep that precision. */
const REBASE = 1_000_000;
const MICROSECONDS = 1_000_000;

/** The charge as it stands at `now` (microseconds) under the newest rate that is known of the bucket. */
export function settle(charge: Charge | undefined, bucket: Bucket, now: number): Charge {
  const { capacity, refillPerSecond, since = 0 } = bucket;
  if (charge === undefined) return { capacity, refillPerSecond, since, anchor: now, taken: 0 };
  // The clock stepped back: nothing was gained, and nothing is waited for twice.
  const known = charge.anchor > now ? { ...charge, anchor: now } : charge;
  const same = charge.capacity === capacity && charge.refillPerSecond === refillPerSecond;
  // Of two callers that know different rates the newer counts for both, or each change of hands could mint tokens.
  if (charge.since > since || (charge.since === since && same)) return atRest(known, now);
  const from = charge.since < since ? since * 1_000 : now;
  return atRest(changeRate(known, { capacity, refillPerSecond, since }, from, now), now);
}

/**
 * Goes on at another rate, in force since a time (microseconds): what was gained before that was gained at the old one.
 * Nobody owes more than a whole bucket of the new one.
 */
function changeRate(charge: Charge, rate: Required<BucketRate>, since: number, now: number): Charge {
  const anchor = Math.max(charge.anchor, Math.min(since, now));
  const missing = charge.taken - ((anchor - charge.anchor) * charge.refillPerSecond) / MICROSECONDS;
  return { ...rate, anchor, taken: Math.max(0, Math.min(rate.capacity, missing)) };
}

/** The same level, in the form that is kept. */
function atRest(charge: Charge, now: number): Charge {
  const { anchor, taken, capacity, refillPerSecond } = charge;
  const gained = ((now - anchor) * refillPerSecond) / MICROSECONDS;
  if (gained >= taken) return { ...charge, anchor: now, taken: 0 };
  // The clock stepped back: empty, never emptier.
  if (capacity - taken + gained < 0) return { ...charge, anchor: now, taken: capacity };
  if (gained < REBASE) return charge;
  const whole = Math.floor(gained);
  const moved = Math.ceil(anchor + (whole * MICROSECONDS) / refillPerSecond);
  return { ...charge, anchor: Math.min(now, moved), taken: taken - whole };
}

/** True when the (settled) charge leaves a whole token to take. */
export function hasToken(charge: Charge, now: number): boolean {
  return levelOf(charge, now) + EPSILON >= 1;
}

/** A (settled) charge after one token was returned. */
export function withTokenBack(charge: Charge): Charge {
  return { ...charge, taken: Math.max(0, charge.taken - 1) };
}

/** What a caller is told of a (settled) charge; `refused` is the caller's to say. */
export function describe(charge: Charge, now: number): Omit<BucketLevel, 'refused'> {
  const { anchor, taken, capacity, refillPerSecond } = charge;
  const remaining = Math.max(0, Math.floor(levelOf(charge, now) + EPSILON));
  if (remaining >= capacity) return { remaining: capacity, msToNext: 0 };
  const elapsed = now - anchor;
  const needed = taken - capacity + remaining + 1;
  const wait = ((needed - EPSILON) * MICROSECONDS) / refillPerSecond - elapsed;
  const ms = Math.max(1, Math.ceil(wait / 1_000));
  const there = ((elapsed + ms * 1_000) * refillPerSecond) / MICROSECONDS + EPSILON >= needed;
  return { remaining, msToNext: there ? ms : ms + 1 };
}

/** Milliseconds since the epoch at which the bucket is full again and its charge says nothing any more. */
export function fullAt(charge: Charge): number {
  return Math.ceil((charge.anchor + (charge.taken * MICROSECONDS) / charge.refillPerSecond) / 1_000);
}

/** Throws on a bucket asked for twice in one call or one that makes no sense: a fault of the program. */
export function checkBuckets(buckets: readonly Bucket[]): void {
  for (const [index, { key, capacity, refillPerSecond, since = 0 }] of buckets.entries()) {
    if (!(Number.isInteger(capacity) && capacity >= 1)) throw new RangeError(`bucket ${key}: capacity`);
    if (!(refillPerSecond > 0 && refillPerSecond < Infinity)) throw new RangeError(`bucket ${key}: refill`);
    if (!(Number.isSafeInteger(since) && since >= 0)) throw new RangeError(`bucket ${key}: since`);
    for (let other = 0; other < index; other += 1) {
      if (buckets[other]?.key === key) throw new Error(`bucket ${key} is asked for twice in one call`);
    }
  }
}

function levelOf({ capacity, taken, anchor, refillPerSecond }: Charge, now: number): number {
  return capacity - taken + ((now - anchor) * refillPerSecond) / MICROSECONDS;
}
