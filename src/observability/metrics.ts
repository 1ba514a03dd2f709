import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { scrapeOf } from './cluster-metrics';

/** Every metric of one app, in a registry of its own. No label ever holds an e-mail, an id or an address. */
export class Metrics {
  readonly registry = new Registry();
  /** What `GET /metrics` answers, in Prometheus' text format. */
  readonly scrape = scrapeOf(this.registry);

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

  /** `countLive` is asked at each scrape; while it fails the two gauges are absent rather than wrong. */
  constructor(countLive: () => Promise<{ users: number; sessions: number }>) {
    collectDefaultMetrics({ register: this.registry });
    const sessions = new Gauge({
      name: 'sessions_active',
      help: 'Live sessions',
      // Every worker counts the same sessions; their sum would count them twice.
      aggregator: 'max',
      registers: [this.registry],
    });
    new Gauge({
      name: 'business_kpi_active_users',
      help: 'Users with a live session',
      aggregator: 'max',
      registers: [this.registry],
      async collect() {
        const live = await countLive().catch(() => undefined);
        this.reset();
        sessions.reset();
        if (live === undefined) {
          this.remove();
          sessions.remove();
          return;
        }
        this.set(live.users);
        sessions.set(live.sessions);
      },
    });
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

  countDecision(policy: string, allowed: boolean): void {
    (allowed ? this.#allowed : this.#blocked).inc({ policy, mode: 'enforce' });
  }

  countMail(kind: string, outcome: 'sent' | 'failed' | 'given_up', count = 1): void {
    this.#mails.inc({ kind, outcome }, count);
  }

  observeRequest(route: string, method: string, status: number, seconds: number): void {
    this.#requestDuration.observe({ route, method, status }, seconds);
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }
}
