import type { Clock } from '../clock';

/** How far another machine's clock is ahead of ours, in milliseconds; the truth lies within `uncertaintyMs` of it. */
export interface ClockDifference {
  readonly aheadMs: number;
  readonly uncertaintyMs: number;
}

const READINGS = 5;
/** Our own clock counts whole milliseconds. */
const OWN_STEP_MS = 1;

/**
 * Asks another clock (milliseconds since the epoch) a few times and takes the answer that came fastest: it was read half
 * a round trip ago, give or take that half.
 */
export async function clockDifference(clock: Clock, read: () => Promise<number>): Promise<ClockDifference> {
  let best: ClockDifference | undefined;
  for (let reading = 0; reading < READINGS; reading++) {
    const before = clock.now();
    const theirs = await read();
    const halfTrip = (clock.now() - before) / 2;
    const uncertaintyMs = halfTrip + OWN_STEP_MS;
    if (best === undefined || uncertaintyMs < best.uncertaintyMs) {
      best = { aheadMs: theirs - (before + halfTrip), uncertaintyMs };
    }
  }
  if (best === undefined) throw new RangeError('a clock is read at least once');
  return best;
}
