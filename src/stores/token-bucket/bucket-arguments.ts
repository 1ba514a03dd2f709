import type { Bucket, TakenToken, TakeResult } from './token-bucket-store';

/** Where a bucket is stored. */
export function storedKey(key: string): string {
  return `bucket:${key}`;
}

/** What `bucket.lua` asks for beside the offset of the clock: the rate of each bucket. */
export function rateArguments(buckets: readonly Bucket[]): string[] {
  return buckets.map(({ capacity, refillPerSecond, since = 0 }) => `${capacity}/${refillPerSecond}/${since}`);
}

/** What `take_all` asks for on top of that: how each bucket takes part. */
export function takeArguments(buckets: readonly Bucket[]): (string | number)[] {
  const flags = buckets.map(
    ({ shadow, regardless }) => (shadow === true ? 1 : 0) + (regardless === true ? 2 : 0),
  );
  return [...rateArguments(buckets), ...flags];
}

/** What `give-back.lua` asks for on top of the rates: when each token was taken. */
export function giveBackArguments(tokens: readonly TakenToken[]): (string | number)[] {
  return [...rateArguments(tokens), ...tokens.map(({ takenAt }) => takenAt)];
}

/** Reads what `take_all` returned for `count` buckets. */
export function readTake(numbers: readonly number[], count: number): TakeResult {
  const at = numbers[1] ?? 0;
  const levels = Array.from({ length: count }, (_, index) => {
    const first = 2 + 3 * index;
    const [remaining, msToNext, refused] = [numbers[first], numbers[first + 1], numbers[first + 2]];
    return { at, remaining: remaining ?? 0, msToNext: msToNext ?? 0, refused: refused === 1 };
  });
  return { allowed: numbers[0] === 1, levels };
}
