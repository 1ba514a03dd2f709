import { Gauge, Registry } from 'prom-client';
import type { OutboxBacklog } from '../stores/outbox/outbox-store';
import { AuthMetrics } from './auth-metrics';
import { scrapeOf } from './cluster-metrics';
import { DependencyMetrics, type PoolName, type PoolState } from './dependency-metrics';
import { type HashingBacklog, HashingMetrics } from './hashing-metrics';
import { LimiterHealthMetrics } from './limiter-health-metrics';
import { LimiterMetrics } from './limiter-metrics';
import { MailMetrics } from './mail-metrics';
import { collectProcessMetrics } from './process-metrics';
import { RequestMetrics } from './request-metrics';
import { scrapedGauges } from './scraped-gauges';
import { type LiveCount, SessionMetrics } from './session-metrics';

/** What is asked at each scrape, and must be cheap then. */
export interface Followed {
  readonly countLive: () => Promise<LiveCount>;
  readonly outboxBacklog: () => Promise<OutboxBacklog>;
  readonly oldestUnsealedAgeMs: () => Promise<number>;
  readonly hashing: () => HashingBacklog;
  readonly postgresPools: readonly { readonly name: PoolName; readonly state: () => PoolState }[];
}

/**
 * Every metric of one app, in a registry of its own; `metrics/README.md` lists them. No label ever holds an e-mail, an id
 * or an address.
 */
export class Metrics {
  readonly registry = new Registry();
  /** What `GET /metrics` answers, in Prometheus' text format. */
  readonly scrape = scrapeOf(this.registry);

  readonly requests: RequestMetrics;
  readonly auth = new AuthMetrics(this.registry);
  readonly sessions = new SessionMetrics(this.registry);
  readonly limiter = new LimiterMetrics(this.registry);
  readonly limiterHealth = new LimiterHealthMetrics(this.registry);
  readonly hashing = new HashingMetrics(this.registry);
  readonly mail = new MailMetrics(this.registry);
  readonly dependencies = new DependencyMetrics(this.registry);

  /** `version` is that of the build, `problemCodes` those that an answer can carry. */
  constructor(version: string, problemCodes: readonly string[]) {
    this.requests = new RequestMetrics(this.registry, problemCodes);
    collectProcessMetrics(this.registry);
    new Gauge({
      name: 'tollgate_build_info',
      help: 'The build that runs: always 1',
      labelNames: ['version', 'node_version'],
      aggregator: 'max',
      registers: [this.registry],
    }).set({ version, node_version: process.versions.node }, 1);
  }

  /** Begins to tell of what is asked at each scrape; once, when that is there. */
  follow({ countLive, outboxBacklog, oldestUnsealedAgeMs, hashing, postgresPools }: Followed): void {
    this.sessions.follow(countLive);
    this.mail.follow(outboxBacklog);
    this.hashing.follow(hashing);
    this.dependencies.follow(postgresPools);
    scrapedGauges(this.registry, oldestUnsealedAgeMs, [
      {
        name: 'audit_unsealed_events_age_seconds',
        help: 'Age of the oldest audit event that is not sealed yet, 0 if there is none',
        read: (ageMs) => ageMs / 1000,
      },
    ]);
  }
}
