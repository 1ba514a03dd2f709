import { Health } from './health';

describe('health', () => {
  it('takes a part that does not answer within a second for one that is away', async () => {
    jest.useFakeTimers();
    try {
      const health = new Health([
        { name: 'silent', required: true, check: () => new Promise(() => {}) },
        { name: 'there', required: true, check: async () => {} },
      ]);
      const report = health.report();
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await report).toEqual({ status: 'unavailable', checks: { silent: 'down', there: 'up' } });
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('says that it drains, whatever else is the matter', async () => {
    const health = new Health([{ name: 'away', required: true, check: () => Promise.reject(new Error()) }]);
    expect((await health.report()).status).toBe('unavailable');
    health.drain();
    expect(await health.report()).toEqual({ status: 'draining', checks: { away: 'down' } });
  });
});
