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

  it('are at most so many: the longest unused goes, whoever floods it', () => {
    const values = new RecentlyUsed<number>(3);
    for (const key of ['a', 'b', 'c']) values.put(key, 1);
    values.find('a');
    values.put('d', 1);
    expect(['a', 'b', 'c', 'd'].filter((key) => values.find(key) === 1)).toEqual(['a', 'c', 'd']);
    for (let n = 0; n < 1_000; n += 1) values.put(`flood ${n}`, n);
    expect(values.find('a')).toBeUndefined();
    expect([997, 998, 999].map((n) => values.find(`flood ${n}`))).toEqual([997, 998, 999]);
  });
});
