import { Metrics } from './metrics';

describe('the gauges of what is live', () => {
  const gauges = async (metrics: Metrics) =>
    (await metrics.scrape())
      .split('\n')
      .filter((line) => /^(sessions_active|business_kpi_active_users) /.test(line));

  it('tell what is so at this scrape, not at the one before, for one count of both', async () => {
    const countLive = jest.fn(async () => ({ users: 2, sessions: 3 }));
    const metrics = new Metrics(countLive);
    expect(await gauges(metrics)).toEqual(['sessions_active 3', 'business_kpi_active_users 2']);
    expect(countLive).toHaveBeenCalledTimes(1);
    countLive.mockResolvedValueOnce({ users: 0, sessions: 0 });
    expect(await gauges(metrics)).toEqual(['sessions_active 0', 'business_kpi_active_users 0']);
    expect(countLive).toHaveBeenCalledTimes(2);
  });

  it('are absent while counting fails, and come back', async () => {
    const countLive = jest.fn(async () => ({ users: 2, sessions: 3 }));
    const metrics = new Metrics(countLive);
    await gauges(metrics);
    countLive.mockRejectedValueOnce(new Error('away'));
    expect(await gauges(metrics)).toEqual([]);
    expect(await gauges(metrics)).toHaveLength(2);
  });
});
