import { type Charge, hasToken, settle } from './level';

describe('the level of a bucket', () => {
  it('stays exact over a million tokens taken without a pause', () => {
    const bucket = { key: 'a', capacity: 10, refillPerSecond: 1_000 / 3 };
    const start = 1_800_000_000_000_000;
    const steps = 400_000;
    let charge: Charge = { ...bucket, since: 0, anchor: start, taken: bucket.capacity, refusing: 0 };
    let admitted = 0;
    for (let step = 1; step <= steps; step += 1) {
      // Three tokens come in 9 ms, four are asked for.
      const now = start + step * 9_000;
      for (let n = 0; n < 4; n += 1) {
        charge = settle(charge, bucket, now);
        if (!hasToken(charge, now)) break;
        charge = { ...charge, taken: charge.taken + 1 };
        admitted += 1;
      }
    }
    expect(admitted).toBeLessThanOrEqual(3 * steps);
    // Moving the anchor rounds to a microsecond, against the one who takes.
    expect(admitted).toBeGreaterThanOrEqual(3 * steps - 1);
    expect(charge.taken).toBeLessThan(1_100_000);
  });
});
