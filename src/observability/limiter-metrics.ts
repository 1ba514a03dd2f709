import type { Counter, Registry } from 'prom-client';
import { POLICY_NAMES } from '../limits/policies';
import { counterOf } from './known-counter';

const KNOWN = POLICY_NAMES.map((policy) => ({ policy, mode: 'enforce' }));

/** Decisions of the rate limits, one for each bucket asked. */
export class LimiterMetrics {
  readonly #allowed: Counter<'policy' | 'mode'>;
  readonly #blocked: Counter<'policy' | 'mode'>;

  constructor(registry: Registry) {
    const labelNames = ['policy', 'mode'] as const;
    this.#allowed = counterOf(registry, {
      name: 'rate_limits_allowed',
      help: 'Bucket decisions that let a request through',
      labelNames,
      known: KNOWN,
    });
    this.#blocked = counterOf(registry, {
      name: 'rate_limits_blocked',
      help: 'Bucket decisions that refused a request, or in shadow would have',
      labelNames,
      known: KNOWN,
    });
  }

  /** `mode` is `enforce` or `shadow`. */
  countDecision(policy: string, allowed: boolean, mode: string): void {
    (allowed ? this.#allowed : this.#blocked).inc({ policy, mode });
  }
}
