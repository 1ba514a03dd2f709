/**
 * A token bucket as one would explain it, in whole numbers: what is there, and what time it was then. It gains as the clock
 * goes on. Where the clock steps back it loses what it gained since then, but nothing from before it was last full, and
 * never what it has not: so a clock that swings mints nothing, and nothing is waited for twice.
 */
export class PlainBucket {
  /** One token, in the unit in which `refill` tokens a second are a whole number each millisecond. */
  readonly #token: bigint;
  readonly #gain: bigint;
  readonly #full: bigint;
  #level: bigint;
  #now: number;
  #lastFull: number;

  /** It gains `refill[0] / refill[1]` tokens a second. */
  constructor(capacity: number, refill: readonly [number, number], now: number) {
    this.#token = BigInt(refill[1]) * 1_000n;
    this.#gain = BigInt(refill[0]);
    this.#full = BigInt(capacity) * this.#token;
    this.#level = this.#full;
    this.#now = now;
    this.#lastFull = now;
  }

  /** Whether it gave a token at this time (ms). */
  take(now: number): boolean {
    this.#goTo(now);
    const allowed = this.#level >= this.#token;
    if (allowed) this.#level -= this.#token;
    return allowed;
  }

  /**
   * Returns a token taken at this time (ms), unless it has been full since: then it has it already. Nor one of a time to
   * come: the clock has stepped back, and who knows what was before that.
   */
  giveBack(now: number, takenAt: number): void {
    this.#goTo(now);
    if (this.#lastFull <= takenAt && takenAt <= now) this.#set(this.#level + this.#token);
  }

  /** Whole tokens, and whole milliseconds until there is one more. */
  get left(): { readonly remaining: number; readonly msToNext: number } {
    const remaining = this.#level / this.#token;
    if (this.#level === this.#full) return { remaining: Number(remaining), msToNext: 0 };
    const missing = (remaining + 1n) * this.#token - this.#level;
    return {
      remaining: Number(remaining),
      msToNext: Number((missing + this.#gain - 1n) / this.#gain),
    };
  }

  #goTo(now: number): void {
    const before = this.#now;
    this.#now = now;
    if (now >= before) {
      this.#set(this.#level + BigInt(now - before) * this.#gain);
      return;
    }
    const level = this.#level - BigInt(before - Math.max(now, this.#lastFull)) * this.#gain;
    // Here it owes nothing from before.
    if (level < 0n || now < this.#lastFull) this.#lastFull = now;
    this.#level = level < 0n ? 0n : level;
  }

  #set(level: bigint): void {
    if (level >= this.#full) this.#lastFull = this.#now;
    this.#level = level >= this.#full ? this.#full : level;
  }
}
