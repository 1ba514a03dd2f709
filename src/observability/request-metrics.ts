import { type Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { counterOf } from './known-counter';

const CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
const SCOPES = ['users', 'others'] as const;

/** What users do not ask for: scrapes, health checks, which answer 503 on purpose, and paths that do not exist. */
const OTHERS = /^(?:\/metrics|\/health\/.+|unmatched)$/;

/** HTTP requests as clients see them. */
export class RequestMetrics {
  readonly #duration: Histogram<'route' | 'method' | 'status'>;
  readonly #inFlight: Gauge;
  readonly #answers: Counter<'scope' | 'class'>;
  readonly #errors: Counter<'code'>;

  /** `problemCodes` are those that an answer can carry. */
  constructor(registry: Registry, problemCodes: readonly string[]) {
    const registers = [registry];
    this.#duration = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from when the headers of a request are there to the last byte of its answer',
      labelNames: ['route', 'method', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.#inFlight = new Gauge({
      name: 'http_requests_in_flight',
      help: 'Requests that have come and are not answered yet, the scrape itself included',
      registers,
    });
    // The service level goes by these: of the histogram each series begins with its first requests, which no rate sees.
    this.#answers = counterOf(registry, {
      name: 'http_answers_total',
      help: 'Answers, by who asks for such things and by the class of the status',
      labelNames: ['scope', 'class'],
      known: SCOPES.flatMap((scope) => CLASSES.map((of) => ({ scope, class: of }))),
    });
    this.#errors = counterOf(registry, {
      name: 'error_events_total',
      help: 'Answers of 400 and above',
      labelNames: ['code'],
      known: problemCodes.map((code) => ({ code })),
    });
  }

  begun(): void {
    this.#inFlight.inc();
  }

  /** `problem` is the code that the answer carries, if it is one of 400 and above. */
  ended(route: string, method: string, status: number, seconds: number, problem: string | undefined): void {
    this.#inFlight.dec();
    this.#duration.observe({ route, method, status }, seconds);
    this.#answers.inc({
      scope: OTHERS.test(route) ? 'others' : 'users',
      class: `${Math.floor(status / 100)}xx`,
    });
    if (problem !== undefined) this.#errors.inc({ code: problem });
  }
}
