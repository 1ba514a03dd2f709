/** The time as an argument: nothing below `main` reads the machine's clock by itself. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds this clock is ahead of the machine's; Redis scripts add it to Redis' own TIME. Always 0 outside tests. */
  readonly offset: number;
}

export const systemClock: Clock = { now: () => Date.now(), offset: 0 };
