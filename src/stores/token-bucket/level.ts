import type { Bucket, BucketLevel } from './token-bucket-store';

/**
 * What a bucket holds: when it was last full (`anchor`, microseconds) and how many tokens were taken since without its
 * ever being full again. So its level is one multiplication, `capacity - taken + (now - anchor) x refill`, and nothing
 * adds up rounding errors. `bucket.lua` is the same in Lua; the contract suite holds both to the same numbers.
 */
export interface Charge {
  readonly anchor: number;
  readonly taken: number;
  readonly refillPerSecond: number;
}

/** A billionth of a token: what a double may lose in that multiplication. */
const EPSILON = 1e-9;
/** Tokens gained after which the anchor is moved, so that the doubles keep that precision. */
const REBASE = 1_000_000;
const MICROSECONDS = 1_000_000;

/** The charge as it stands at `now` (microseconds) under the bucket's capacity and refill of today. */
export function settle(charge: Charge | undefined, bucket: Bucket, now: number): Charge {
  const { capacity, refillPerSecond } = bucket;
  if (charge === undefined) return { anchor: now, taken: 0, refillPerSecond };
  let { taken } = charge;
  // The clock stepped back: nothing was gained, and nothing is waited for twice.
  let anchor = Math.min(charge.anchor, now);
  if (charge.refillPerSecond !== refillPerSecond) {
    // What was gained so far was gained at the old rate; from here on the new one counts.
    const debt = Math.max(0, taken - ((now - anchor) * charge.refillPerSecond) / MICROSECONDS);
    taken = Math.ceil(debt);
    anchor = Math.ceil(now - ((taken - debt) * MICROSECONDS) / refillPerSecond);
  }
  const gained = ((now - anchor) * refillPerSecond) / MICROSECONDS;
  if (gained >= taken) return { anchor: now, taken: 0, refillPerSecond };
  // A smaller capacity than before, or a clock that stepped back: empty, never emptier.
  if (capacity - taken + gained < 0) return { anchor: now, taken: capacity, refillPerSecond };
  if (gained < REBASE) return { anchor, taken, refillPerSecond };
  const whole = Math.floor(gained);
  const moved = Math.ceil(anchor + (whole * MICROSECONDS) / refillPerSecond);
  return { anchor: Math.min(now, moved), taken: taken - whole, refillPerSecond };
}

/** True when the (settled) charge leaves a whole token to take. */
export function hasToken(charge: Charge, capacity: number, now: number): boolean {
  return levelOf(charge, capacity, now) + EPSILON >= 1;
}

/** What a caller is told of a (settled) charge; `refused` is the caller's to say. */
export function describe(charge: Charge, capacity: number, now: number): Omit<BucketLevel, 'refused'> {
  const remaining = Math.max(0, Math.floor(levelOf(charge, capacity, now) + EPSILON));
  if (remaining >= capacity) return { remaining: capacity, msToNext: 0 };
  const { anchor, taken, refillPerSecond } = charge;
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
  for (const [index, { key, capacity, refillPerSecond }] of buckets.entries()) {
    if (!(Number.isInteger(capacity) && capacity >= 1)) throw new RangeError(`bucket ${key}: capacity`);
    if (!(refillPerSecond > 0 && refillPerSecond < Infinity)) throw new RangeError(`bucket ${key}: refill`);
    for (let other = 0; other < index; other += 1) {
      if (buckets[other]?.key === key) throw new Error(`bucket ${key} is asked for twice in one call`);
    }
  }
}

function levelOf(charge: Charge, capacity: number, now: number): number {
  return capacity - charge.taken + ((now - charge.anchor) * charge.refillPerSecond) / MICROSECONDS;
}
