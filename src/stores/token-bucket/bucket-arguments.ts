import type { Bucket, BucketLevel, TakenToken, TakeResult } from './token-bucket-store';

/** Where a bucket is stored. */
export function storedKey(key: string): string {
  return `bucket:${key}`;
}

/** What `bucket.lua` asks for: the offset of the clock (ms), and the rate of each bucket. */
export function rateArguments(offset: number, buckets: readonly Bucket[]): number[] {
  const args = [offset];
  for (const { capacity, refillPerSecond, since = 0 } of buckets) args.push(capacity, refillPerSecond, since);
  return args;
}

/** What `take_all` asks for on top of that: how each bucket takes part. */
export function takeArguments(offset: number, buckets: readonly Bucket[]): number[] {
  const args = rateArguments(offset, buckets);
  for (const { shadow, regardless } of buckets) {
    args.push((shadow === true ? 1 : 0) + (regardless === true ? 2 : 0));
  }
  return args;
}

/** What `give-back.lua` asks for on top of the rates: when each token was taken. */
export function giveBackArguments(offset: number, tokens: readonly TakenToken[]): number[] {
  const args = rateArguments(offset, tokens);
  for (const { takenAt } of tokens) args.push(takenAt);
  return args;
}

/** Reads what `take_all` returned for `count` buckets. */
export function readTake(numbers: readonly number[], count: number): TakeResult {
  const at = numbers[1] ?? 0;
  const levels: BucketLevel[] = [];
  for (let first = 2; first < 2 + 3 * count; first += 3) {
    const [remaining, msToNext, refused] = [numbers[first], numbers[first + 1], numbers[first + 2]];
    levels.push({ at, remaining: remaining ?? 0, msToNext: msToNext ?? 0, refused: refused === 1 });
  }
  return { allowed: numbers[0] === 1, levels };
}
