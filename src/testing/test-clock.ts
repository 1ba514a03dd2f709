import type { Clock } from '../clock';

/** A running clock that can be moved: the machine's time plus an offset. */
export class TestClock implements Clock {
  #offset = 0;

  get offset(): number {
    return this.#offset;
  }

  now(): number {
    return Date.now() + this.#offset;
  }

  /** Moves the clock by so many milliseconds; back, if they are negative. */
  advance(ms: number): void {
    this.#offset += ms;
  }
}

/** A clock that stands still until it is moved; for stores in the process only, Redis' time runs on. */
export class FrozenClock implements Clock {
  readonly offset = 0;
  #now: number;

  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Moves the clock by so many milliseconds; back, if they are negative. */
  advance(ms: number): void {
    this.#now += ms;
  }
}
