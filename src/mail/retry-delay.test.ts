import { retryDelay } from './retry-delay';

describe('the wait before the next try', () => {
  it('doubles from one second and stays at a minute', () => {
    const middle = () => 0.5;
    expect([1, 2, 3, 4, 7, 8, 5_000].map((attempt) => retryDelay(attempt, middle))).toEqual([
      1_000, 2_000, 4_000, 8_000, 60_000, 60_000, 60_000,
    ]);
  });

  it('varies by a fifth either way', () => {
    expect(retryDelay(1, () => 0)).toBe(800);
    expect(retryDelay(1, () => 1)).toBe(1_200);
  });
});
