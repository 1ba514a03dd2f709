import { ADVISORY_LOCKS } from './advisory-locks';

it('gives each act that must come alone a lock of its own', () => {
  const numbers = Object.values(ADVISORY_LOCKS);
  expect(new Set(numbers).size).toBe(numbers.length);
});
