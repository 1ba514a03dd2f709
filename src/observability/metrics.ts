import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { scrapeOf } from './cluster-metrics';
import { LimiterHealthMetrics } from './limiter-health-metrics';

interface LiveCount {
  readonly users: number;
  readonly sessions: number;
}

/** Every metric of one app, in a registry of its own. No label ever holds an e-mail, an id or an address. */
export class Metrics {
  readonly registry = new Registry();
  /** What `GET /metrics` answers, in Prometheus' text format. */
  readonly scrape = scrapeOf(this.registry);

  readonly limiterHealth = new LimiterHealthMetrics(this.registry);

  readonly #loginRequests = this.#counter('login_requests_total', 'Well-formed logins by password', [
    'outcome',
  ]);
  readonly #authSuccess = this.#counter('auth_success_total', 'Logins that succeeded', ['method']);
  readonly #errorEvents = this.#counter('error_events_total', 'Answers of 400 and above', ['code']);
  readonly #redisOperations = this.#counter('redis_operations_total', 'Commands sent to Redis', [
    'operation',
  ]);
  readonly #allowed = this.#counter('rate_limits_allowed', 'Bucket decisions that let a request through', [
    'policy',
    'mode',
  ]);
  readonly #blocked = this.#counter('rate_limits_blocked', 'Bucket decisions that refused a request', [
    'policy',
    'mode',
  ]);
  readonly #mails = this.#counter('mails_total', 'Mails by what became of them', ['kind', 'outcome']);
  readonly #requestDuration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });

  /** `countLive` is asked once at each scrape; while it fails the two gauges are absent rather than wrong. */
  constructor(countLive: () => Promise<LiveCount>) {
    collectDefaultMetrics({ register: this.registry });
    let asked: Promise<LiveCount | undefined> | undefined;
    // A scrape collects all gauges at the same time: the first asks, and the other waits for the same answer.
    const live = () => {
      asked ??= countLive()
        .catch(() => undefined)
        .finally(() => {
          asked = undefined;
        });
      return asked;
    };
    this.#liveGauge('sessions_active', 'Live sessions', async () => (await live())?.sessions);
    this.#liveGauge(
      'business_kpi_active_users',
      'Users with a live session',
      async () => (await live())?.users,
    );
  }

  /** `outcome`: `success`, or the code of the problem that the login ended in. */
  countLogin(outcome: string): void {
    this.#loginRequests.inc({ outcome });
  }

  countAuthSuccess(method: 'password' | 'otp'): void {
    this.#authSuccess.inc({ method });
  }

  countError(code: string): void {
    this.#errorEvents.inc({ code });
  }

  countRedisOperation(operation: string): void {
    this.#redisOperations.inc({ operation });
  }

  /** `mode` is `enforce` or `shadow`; what is blocked in shadow would have been. */
  countDecision(policy: string, allowed: boolean, mode: string): void {
    (allowed ? this.#allowed : this.#blocked).inc({ policy, mode });
  }

  countMail(kind: string, outcome: 'sent' | 'failed' | 'given_up', count = 1): void {
    this.#mails.inc({ kind, outcome }, count);
  }

  observeRequest(route: string, method: string, status: number, seconds: number): void {
    this.#requestDuration.observe({ route, method, status }, seconds);
  }

  #liveGauge(name: string, help: string, count: () => Promise<number | undefined>): void {
    new Gauge({
      name,
      help,
      // Every worker counts the same sessions; their sum would count them twice.
      aggregator: 'max',
      registers: [this.registry],
      async collect() {
        const value = await count();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }
}
