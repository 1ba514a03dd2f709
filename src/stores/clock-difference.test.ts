import { clockDifference } from './clock-difference';

/** A machine whose every look at the other clock takes so long, of which the given part is the way there. */
function machine(trips: readonly { readonly there: number; readonly back: number }[], ahead: number) {
  let now = 1_000_000;
  let trip = 0;
  return {
    clock: { now: () => now, offset: 0 },
    read: async () => {
      const { there, back } = trips[trip++ % trips.length] ?? { there: 0, back: 0 };
      now += there;
      const theirs = now + ahead;
      now += back;
      return theirs;
    },
  };
}

describe('the difference of two clocks', () => {
  it('leaves the way there and back out', async () => {
    const { clock, read } = machine([{ there: 40, back: 40 }], -3_000);
    expect(await clockDifference(clock, read)).toEqual({ aheadMs: -3_000, uncertaintyMs: 41 });
  });

  it('holds the truth within its doubt however the way is split', async () => {
    for (const [there, back] of [
      [100, 0],
      [0, 100],
      [70, 30],
    ] as const) {
      const { clock, read } = machine([{ there, back }], 250);
      const { aheadMs, uncertaintyMs } = await clockDifference(clock, read);
      expect(Math.abs(aheadMs - 250)).toBeLessThanOrEqual(uncertaintyMs);
    }
  });

  it('goes by the fastest answer', async () => {
    const slow = { there: 900, back: 0 };
    const { clock, read } = machine([slow, slow, { there: 2, back: 2 }, slow], 0);
    expect(await clockDifference(clock, read)).toEqual({ aheadMs: 0, uncertaintyMs: 3 });
  });

  it('passes on that the other did not answer', async () => {
    const clock = { now: () => 0, offset: 0 };
    await expect(clockDifference(clock, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });
});
