import type { Bucket, BucketLevel, BucketRate, BucketState } from './token-bucket-store';

/**
 * What a bucket holds: when it was last full, or got its rate (`anchor`, microseconds), and how many tokens were missing
 * then or were taken since (`taken`; whole unless the rate changed). So its level is one multiplication,
 * `capacity - taken + (now - anchor) x refill`, and nothing adds up rounding errors. `bucket.lua` is the same in Lua; the
 * contract suite holds both to the same numbers.
 */
export interface Charge extends Required<BucketRate> {
  readonly anchor: number;
  readonly taken: number;
  /** Since when it refuses without having let anything through in between, in microseconds; else 0. */
  readonly refusing: number;
}

/** A billionth of a token: what a double may lose in that multiplication. */
const EPSILON = 1e-9;
/** Tokens gained after which the anchor is moved, so that the doubles keep that precision. */
const REBASE = 1_000_000;
const MICROSECONDS = 1_000_000;

/** The charge as it stands at `now` (microseconds) under the newest rate that is known of the bucket. */
export function settle(charge: Charge | undefined, bucket: Bucket, now: number): Charge {
  const { capacity, refillPerSecond, since = 0 } = bucket;
  const full = () => ({ capacity, refillPerSecond, since, anchor: now, taken: 0, refusing: 0 });
  if (charge === undefined) return full();
  // Where the clock stepped back nothing was gained, and nothing is waited for twice.
  let known = charge.anchor > now ? { ...charge, anchor: now } : charge;
  // Full by its own rate it is forgotten, and the rate with it: so it is, at the latest, where its time to live ends.
  if (isFull(known, now)) return full();
  const same = known.capacity === capacity && known.refillPerSecond === refillPerSecond;
  // Of two callers that know different rates the newer counts for both, or each change of hands could mint tokens; where
  // nobody knows which that is, what is stricter of both.
  if (known.since < since) known = changeRate(known, bucket, since * 1_000, now);
  else if (known.since === since && !same) known = changeRate(known, stricter(known, bucket), now, now);
  if (isFull(known, now)) return full();
  // The clock stepped back: empty, never emptier.
  if (levelOf(known, now) < 0) return { ...known, anchor: now, taken: known.capacity };
  return gained(known, now) < REBASE ? known : rebase(known, now);
}

function stricter(one: BucketRate, other: BucketRate): BucketRate {
  return {
    capacity: Math.min(one.capacity, other.capacity),
    refillPerSecond: Math.min(one.refillPerSecond, other.refillPerSecond),
    since: one.since ?? 0,
  };
}

/**
 * Goes on at another rate, in force since a time (microseconds): what was gained before that was gained at the old one.
 * Nobody owes more than a whole bucket of the new one.
 */
function changeRate(charge: Charge, rate: BucketRate, inForce: number, now: number): Charge {
  const { capacity, refillPerSecond, since = 0 } = rate;
  const { capacity: before, refillPerSecond: refillBefore } = charge;
  if (capacity === before && refillPerSecond === refillBefore && since === charge.since) return charge;
  const anchor = Math.max(charge.anchor, Math.min(inForce, now));
  const taken = Math.max(0, Math.min(capacity, charge.taken - gained(charge, anchor)));
  return { capacity, refillPerSecond, since, anchor, taken, refusing: charge.refusing };
}

/** The same level by smaller numbers. */
function rebase(charge: Charge, now: number): Charge {
  const whole = Math.floor(gained(charge, now));
  const moved = Math.ceil(charge.anchor + (whole * MICROSECONDS) / charge.refillPerSecond);
  return { ...charge, anchor: Math.min(now, moved), taken: charge.taken - whole };
}

/** True when nothing is missing any more: there is nothing to keep. */
export function isFull(charge: Charge, now: number): boolean {
  return gained(charge, now) >= charge.taken;
}

/** True when the (settled) charge leaves a whole token to take. */
export function hasToken(charge: Charge, now: number): boolean {
  return levelOf(charge, now) + EPSILON >= 1;
}

/** A (settled) charge after a take that was allowed, whether it gave a token or, in shadow, had none. */
export function allowing(charge: Charge, gave: boolean): Charge {
  // Named one by one: on the way of every request, and a spread takes ten times as long.
  const { capacity, refillPerSecond, since, anchor, taken } = charge;
  return { capacity, refillPerSecond, since, anchor, taken: gave ? taken + 1 : taken, refusing: 0 };
}

/** A (settled) charge after it refused a take. */
export function refusing(charge: Charge, now: number): Charge {
  return charge.refusing === 0 ? { ...charge, refusing: now } : charge;
}

/**
 * A (settled) charge after one token was returned that it gave at `takenAt` (microseconds). If it has been full since, time
 * has returned that token already; and if that is still to come, the clock has stepped back, and nobody can tell.
 */
export function withTokenBack(charge: Charge, takenAt: number, now: number): Charge {
  if (charge.anchor > takenAt || takenAt > now) return charge;
  return { ...charge, taken: Math.max(0, charge.taken - 1) };
}

/** What a caller is told of a (settled) charge; `refused` is the caller's to say. */
export function describe(charge: Charge, now: number): Pick<BucketLevel, 'remaining' | 'msToNext'> {
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

/** How a (settled) charge looks to somebody who takes nothing. */
export function stateOf(charge: Charge, now: number): BucketState {
  const { remaining, msToNext } = describe(charge, now);
  if (remaining > 0) return { remaining, refusingSince: null, opensAt: null };
  const since = Math.floor(Math.min(charge.refusing, now) / 1_000);
  return {
    remaining,
    refusingSince: since === 0 ? null : since,
    opensAt: Math.ceil(now / 1_000) + msToNext,
  };
}

/** Milliseconds since the epoch, rounded up, at which the bucket is full again. */
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

function gained({ anchor, refillPerSecond }: Charge, now: number): number {
  return ((now - anchor) * refillPerSecond) / MICROSECONDS;
}

function levelOf(charge: Charge, now: number): number {
  return charge.capacity - charge.taken + gained(charge, now);
}
