import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** HTTP requests as clients see them. */
export class RequestMetrics {
  readonly #duration: Histogram<'route' | 'method' | 'status'>;
  readonly #inFlight: Gauge;
  readonly #errors: Counter<'code'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#duration = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the first byte of a request to the last of its answer',
      labelNames: ['route', 'method', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.#inFlight = new Gauge({
      name: 'http_requests_in_flight',
      help: 'Requests that have come and are not answered yet, the scrape itself included',
      registers,
    });
    this.#errors = new Counter({
      name: 'error_events_total',
      help: 'Answers of 400 and above',
      labelNames: ['code'],
      registers,
    });
  }

  begun(): void {
    this.#inFlight.inc();
  }

  /** `problem` is the code that the answer carries, if it is one of 400 and above. */
  ended(route: string, method: string, status: number, seconds: number, problem: string | undefined): void {
    this.#inFlight.dec();
    this.#duration.observe({ route, method, status }, seconds);
    if (problem !== undefined) this.#errors.inc({ code: problem });
  }
}
