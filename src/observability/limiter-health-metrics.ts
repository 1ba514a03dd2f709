import { type Counter, Gauge, type Registry } from 'prom-client';
import { counterOf } from './known-counter';

/** Whether the limits do what their policies say. */
export class LimiterHealthMetrics {
  readonly #degraded: Gauge;
  readonly #changes: Counter<'to'>;
  readonly #proxySuspect: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    // Of several workers one in trouble is trouble, and an outage that all of them see is one.
    const aggregator = 'max';
    this.#degraded = new Gauge({
      name: 'rate_limiter_degraded',
      help: '1 while the store of the limits is away and calls that need them are refused, else 0',
      aggregator,
      registers,
    });
    this.#changes = counterOf(registry, {
      name: 'rate_limiter_degraded_changes_total',
      help: 'Changes of rate_limiter_degraded',
      labelNames: ['to'],
      known: [{ to: 'degraded' }, { to: 'normal' }],
      aggregator,
    });
    this.#proxySuspect = new Gauge({
      name: 'proxy_setting_suspect',
      help: '1 while all clients seem to come from one proxy, as they do where TRUST_PROXY is wrong, else 0',
      aggregator,
      registers,
    });
  }

  setDegraded(degraded: boolean): void {
    this.#degraded.set(degraded ? 1 : 0);
    this.#changes.inc({ to: degraded ? 'degraded' : 'normal' });
  }

  setProxySuspect(suspect: boolean): void {
    this.#proxySuspect.set(suspect ? 1 : 0);
  }
}
