import fc from 'fast-check';
import { ExpiryTally } from './expiry-tally';

const NOW = 1_800_000_000_000;

describe('a tally of what ends at a time', () => {
  it('counts what comes, goes, is put off and is over', () => {
    const tally = new ExpiryTally();
    tally.move(0, NOW + 5_000, NOW);
    tally.move(0, NOW + 5_400, NOW);
    tally.move(0, NOW + 90_000, NOW);
    expect(tally.count(NOW)).toBe(3);
    tally.move(NOW + 5_000, NOW + 60_000, NOW + 1_000);
    tally.move(NOW + 90_000, 0, NOW + 1_000);
    expect(tally.count(NOW + 1_000)).toBe(2);
    expect(tally.count(NOW + 6_000)).toBe(1);
    // What is over already goes only once.
    tally.move(NOW + 5_400, 0, NOW + 7_000);
    expect(tally.count(NOW + 7_000)).toBe(1);
    expect(tally.count(NOW + 40 * 86_400_000)).toBe(0);
  });

  it('agrees, to a second, with a walk over all there is, whatever is done in whatever order', () => {
    const step = fc.record({
      thing: fc.nat(5),
      lasts: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })),
      later: fc.oneof(fc.nat(4_000), fc.integer({ min: 0, max: 100_000_000 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tally = new ExpiryTally();
        const ends = new Map<number, number>();
        let now = NOW;
        for (const { thing, lasts, later } of steps) {
          now += later;
          const to = lasts === 0 ? 0 : now + lasts;
          tally.move(ends.get(thing) ?? 0, to, now);
          ends.set(thing, to);
          const living = (at: number) => [...ends.values()].filter((end) => end > at).length;
          const counted = tally.count(now);
          expect(counted).toBeGreaterThanOrEqual(living(now));
          expect(counted).toBeLessThanOrEqual(living(now - 1_000));
        }
      }),
      { numRuns: 500 },
    );
  });
});
