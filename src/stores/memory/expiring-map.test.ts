import { StoreFull } from '../store-full';
import { ExpiringMap } from './expiring-map';

it('keeps what replaces an entry that has died, and lets the other dead go', () => {
  const map = new ExpiringMap<string>(10);
  for (const key of ['a', 'b', 'c', 'd']) map.set(key, key, 10, 0);
  map.set('a', 'A again', 30, 20);
  expect(map.get('a', 20)).toBe('A again');
  for (let n = 0; n < 10; n += 1) map.set('a', 'A once more', 30, 20);
  expect(map.size).toBe(1);
});

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
