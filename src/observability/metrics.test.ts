import { AggregatorRegistry } from 'prom-client';
import { type Followed, Metrics } from './metrics';

const QUIET: Followed = {
  countLive: async () => ({ users: 2, sessions: 3 }),
  outboxBacklog: async () => ({ waiting: 4, oldestCodeAgeMs: 5_500, oldestNoticeAgeMs: 90_000 }),
  oldestUnsealedAgeMs: async () => 250,
  hashing: () => ({ queued: 6, maxQueued: 128 }),
  postgresPools: [{ name: 'requests', state: () => ({ total: 7, idle: 5, waiting: 1 }) }],
};

function metricsOf(followed: Partial<Followed> = {}): Metrics {
  const metrics = new Metrics('1.2.3', []);
  metrics.follow({ ...QUIET, ...followed });
  return metrics;
}

const linesOf = (text: string, names: RegExp) => text.split('\n').filter((line) => names.test(line));

const SCRAPED =
  /^(sessions_active|business_kpi|outbox_|audit_unsealed|password_hash_queue|postgres_pool|tollgate_)/;

describe('what is asked at each scrape', () => {
  it('is told as it is then, in the units of the names', async () => {
    expect(linesOf(await metricsOf().scrape(), SCRAPED)).toEqual([
      `tollgate_build_info{version="1.2.3",node_version="${process.versions.node}"} 1`,
      'sessions_active 3',
      'business_kpi_active_users 2',
      'outbox_pending 4',
      'outbox_oldest_age_seconds{mails="codes"} 5.5',
      'outbox_oldest_age_seconds{mails="notices"} 90',
      'password_hash_queue_capacity 128',
      'password_hash_queue_depth 6',
      'postgres_pool_connections{pool="requests",state="total"} 7',
      'postgres_pool_connections{pool="requests",state="idle"} 5',
      'postgres_pool_connections{pool="requests",state="waiting"} 1',
      'audit_unsealed_events_age_seconds 0.25',
    ]);
  });

  it('is asked once for all gauges that it answers, and anew by the next scrape', async () => {
    const countLive = jest.fn(async () => ({ users: 2, sessions: 3 }));
    const metrics = metricsOf({ countLive });
    await metrics.scrape();
    expect(countLive).toHaveBeenCalledTimes(1);
    countLive.mockResolvedValueOnce({ users: 0, sessions: 0 });
    expect(linesOf(await metrics.scrape(), /^(sessions_active|business_kpi)/)).toEqual([
      'sessions_active 0',
      'business_kpi_active_users 0',
    ]);
    expect(countLive).toHaveBeenCalledTimes(2);
  });

  it('is absent while asking fails, alone, and comes back', async () => {
    const away = jest.fn(async () => {
      throw new Error('away');
    });
    const names = /^(sessions_active|outbox_|audit_)/;
    const metrics = metricsOf({
      countLive: jest.fn(QUIET.countLive).mockImplementationOnce(away),
      outboxBacklog: jest.fn(QUIET.outboxBacklog).mockImplementationOnce(away),
      oldestUnsealedAgeMs: jest.fn(QUIET.oldestUnsealedAgeMs).mockImplementationOnce(away),
    });
    expect(linesOf(await metrics.scrape(), names)).toEqual([]);
    expect(linesOf(await metrics.scrape(), names)).toHaveLength(5);
  });
});

it('tells the truth of several workers: what each has adds up, what all see alike does not', async () => {
  const [one, two] = [metricsOf(), metricsOf({ countLive: async () => ({ users: 2, sessions: 4 }) })];
  for (const { dependencies, auth, requests, limiterHealth } of [one, two]) {
    limiterHealth.setDegraded(true);
    for (const name of ['postgresql', 'redis']) dependencies.setUp(name, true);
    auth.countReuse();
    requests.begun();
  }
  two.dependencies.setUp('redis', false);
  const told = await Promise.all([one, two].map(({ registry }) => registry.getMetricsAsJSON()));
  const names = new RegExp(`${SCRAPED.source}|^(dependency_up|tokens_reused|http_requests_in|rate_limiter_)`);
  expect(linesOf(await AggregatorRegistry.aggregate(told).metrics(), names).toSorted()).toEqual(
    [
      `tollgate_build_info{version="1.2.3",node_version="${process.versions.node}"} 1`,
      'sessions_active 4',
      'business_kpi_active_users 2',
      'outbox_pending 4',
      'outbox_oldest_age_seconds{mails="codes"} 5.5',
      'outbox_oldest_age_seconds{mails="notices"} 90',
      'audit_unsealed_events_age_seconds 0.25',
      'password_hash_queue_capacity 256',
      'password_hash_queue_depth 12',
      'postgres_pool_connections{pool="requests",state="total"} 14',
      'postgres_pool_connections{pool="requests",state="idle"} 10',
      'postgres_pool_connections{pool="requests",state="waiting"} 2',
      'dependency_up{dependency="postgresql"} 1',
      'dependency_up{dependency="redis"} 0',
      'tokens_reused_total 2',
      'rate_limiter_degraded 1',
      'rate_limiter_degraded_changes_total{to="degraded"} 1',
      'rate_limiter_degraded_changes_total{to="normal"} 0',
      'http_requests_in_flight 2',
    ].toSorted(),
  );
});

it('tells of several workers the one whose event loop is latest, and the last that began', async () => {
  // But for the least of the lags, which is the least of all.
  const names = /^(nodejs_eventloop_lag_(?!min)\w*|process_start_time_seconds)/;
  const told = await Promise.all(
    [7, 9_000, 8].map(async (value) =>
      (await metricsOf().registry.getMetricsAsJSON()).map((metric) =>
        names.test(metric.name) ? { ...metric, values: [{ value, labels: {} }] } : metric,
      ),
    ),
  );
  const lines = linesOf(await AggregatorRegistry.aggregate(told).metrics(), names);
  expect(lines).toHaveLength(8);
  expect(lines.filter((line) => !line.endsWith(' 9000'))).toEqual([]);
});
