const SECOND_MS = 1_000;

/**
 * How many things are not over yet, counted by the second in which they end: whoever asks walks over none of them, and
 * is told of one for up to a second after its end. Of a clock that goes back it takes no notice.
 */
export class ExpiryTally {
  /** By the second, in those to come. */
  readonly #ending = new Map<number, number>();
  #living = 0;
  /** The second up to which all is over. */
  #passed: number | undefined;

  /** What was to end at `from` is to end at `to`; both in milliseconds since the epoch, 0 for nothing. */
  move(from: number, to: number, now: number): void {
    const passed = this.#pass(now);
    this.#add(Math.ceil(from / SECOND_MS), -1, passed);
    this.#add(Math.ceil(to / SECOND_MS), 1, passed);
  }

  count(now: number): number {
    this.#pass(now);
    return this.#living;
  }

  #add(second: number, by: 1 | -1, passed: number): void {
    if (second <= passed) return;
    const ending = (this.#ending.get(second) ?? 0) + by;
    if (ending === 0) this.#ending.delete(second);
    else this.#ending.set(second, ending);
    this.#living += by;
  }

  #pass(now: number): number {
    const present = Math.floor(now / SECOND_MS);
    const passed = this.#passed ?? present;
    // Second by second, unless that is further than there are seconds in which anything ends.
    if (present - passed <= this.#ending.size) {
      for (let second = passed + 1; second <= present; second += 1) this.#over(second);
    } else {
      for (const second of this.#ending.keys()) if (second <= present) this.#over(second);
    }
    this.#passed = Math.max(passed, present);
    return this.#passed;
  }

  #over(second: number): void {
    this.#living -= this.#ending.get(second) ?? 0;
    this.#ending.delete(second);
  }
}
