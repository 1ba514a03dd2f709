import { ClaimsCache } from './claims-cache';

const claims = (expiresAt: number) => ({ role: 'GUEST', guestId: 'g', expiresAt }) as const;

it('forgets claims at their end', () => {
  const cache = new ClaimsCache();
  cache.put('a', claims(1_000));
  expect(cache.find('a', 999)).toEqual(claims(1_000));
  expect(cache.find('a', 1_000)).toBeUndefined();
  expect(cache.find('a', 0)).toBeUndefined();
});

it('holds no more than it may, and drops what was not used for longest', () => {
  const cache = new ClaimsCache(2);
  cache.put('a', claims(1_000));
  cache.put('b', claims(1_000));
  cache.find('a', 0);
  cache.put('c', claims(1_000));
  expect(['a', 'b', 'c'].map((digest) => cache.find(digest, 0) !== undefined)).toEqual([true, false, true]);
});
