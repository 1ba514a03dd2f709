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

  it('asks each part once in its time, however often it is asked itself', async () => {
    let now = 0;
    const asked = { required: 0, other: 0 };
    const count = (name: keyof typeof asked) => async () => {
      asked[name] += 1;
    };
    const health = new Health(
      [
        { name: 'required', required: true, check: count('required') },
        { name: 'other', required: false, check: count('other') },
      ],
      () => now,
    );
    const askOften = () => Promise.all(Array.from({ length: 64 }, () => health.report()));
    await askOften();
    now = 999;
    await askOften();
    expect(asked).toEqual({ required: 1, other: 1 });
    now = 1_000;
    await askOften();
    expect(asked).toEqual({ required: 2, other: 1 });
    now = 10_000;
    await askOften();
    expect(asked).toEqual({ required: 3, other: 2 });
  });

  it('shows a part that comes back or goes within a second', async () => {
    let now = 0;
    let away = false;
    const check = async () => {
      if (away) throw new Error();
    };
    const health = new Health([{ name: 'part', required: true, check }], () => now);
    for (away of [false, true, false]) {
      expect((await health.report()).status).toBe(away ? 'unavailable' : 'ready');
      now += 1_000;
    }
  });
});
