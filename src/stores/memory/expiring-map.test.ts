import { StoreFull } from '../store-full';
import { ExpiringMap } from './expiring-map';

describe('a map that is full', () => {
  const full = () => {
    const map = new ExpiringMap<string>(2);
    map.set('a', 'A', 10, 0);
    map.set('b', 'B', 20, 0);
    return map;
  };

  it('refuses a newcomer, forgets nothing for it, and replaces what it holds', () => {
    const map = full();
    expect(() => map.set('c', 'C', 30, 0)).toThrow(StoreFull);
    map.set('a', 'A again', 10, 0);
    expect(['a', 'b', 'c'].map((key) => map.get(key, 0))).toEqual(['A again', 'B', undefined]);
  });

  it('has room again when an entry has died', () => {
    const map = full();
    map.set('c', 'C', 30, 10);
    expect(['a', 'b', 'c'].map((key) => map.get(key, 10))).toEqual([undefined, 'B', 'C']);
  });
});
