import { RecentlyUsed } from './recently-used';

describe('the values last asked for', () => {
  it('are found by their key, and what was put last counts', () => {
    const values = new RecentlyUsed<number>(2);
    expect(values.find('a')).toBeUndefined();
    values.put('a', 1);
    values.put('a', 2);
    expect(values.find('a')).toBe(2);
    values.delete('a');
    expect(values.find('a')).toBeUndefined();
  });

  it('are at most so many, and those in use stay, whoever floods it', () => {
    const values = new RecentlyUsed<number>(10);
    values.put('used', 1);
    values.put('unused', 1);
    for (let n = 0; n < 1_000; n += 1) {
      values.put(`flood ${n}`, n);
      if (n % 3 === 0) expect(values.find('used')).toBe(1);
    }
    expect(values.find('unused')).toBeUndefined();
    const kept = Array.from({ length: 1_000 }, (_, n) => `flood ${n}`).filter(
      (key) => values.find(key) !== undefined,
    );
    expect(kept.length).toBeLessThanOrEqual(9);
    expect(kept).toContain('flood 999');
  });

  it('find their newest value also where an older one is still there', () => {
    const values = new RecentlyUsed<number>(4);
    for (const key of ['a', 'b', 'c']) values.put(key, 1);
    values.put('a', 2);
    expect(values.find('a')).toBe(2);
    values.delete('a');
    expect(values.find('a')).toBeUndefined();
  });
});
