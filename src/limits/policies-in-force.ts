import type { Clock } from '../clock';
import type { Logger } from '../observability/logger';
import type { Origin } from '../stores/audit/audit-store';
import type {
  LimitChange,
  LimitOverride,
  LimitOverrideStore,
} from '../stores/limit-override/limit-override-store';
import { POLICY_NAMES, type PolicyName, type Rate } from './policies';

/** Milliseconds between two looks at what was changed: a change is in force on every instance after that and the look. */
const REFRESH_MS = 1_000;

/** Whether a limit refuses what is over it, or counts alone. */
export type Mode = 'enforce' | 'shadow';

/** A limit as it is now. Times are milliseconds since the epoch. */
export interface PolicyInForce extends Rate {
  /** Since when the rate is this one; 0 where it is that of the setting and always was. */
  readonly since: number;
  readonly mode: Mode;
  /** When the shadow ends; null where there is none. */
  readonly modeUntil: number | null;
}

export interface PoliciesInForceOptions {
  readonly settings: Readonly<Record<PolicyName, Rate>>;
  readonly store: LimitOverrideStore;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * The limits as they are now: the settings, and what was changed of them on any instance. No request waits for the
 * database: what was changed is read beside them, and while it cannot be read the last that was known holds.
 */
export class PoliciesInForce {
  readonly #options: PoliciesInForceOptions;
  /** Made at a change, and not for each request. */
  readonly #held: Record<PolicyName, Held>;
  #reading: Promise<void> | undefined;
  #failing = false;

  constructor(options: PoliciesInForceOptions) {
    this.#options = options;
    const held = POLICY_NAMES.map((name) => [name, asSet(options.settings[name])]);
    this.#held = Object.fromEntries(held) as Record<PolicyName, Held>;
  }

  of(policy: PolicyName): PolicyInForce {
    const { enforced, shadow } = this.#held[policy];
    return shadow !== undefined && this.#options.clock.now() < shadow.modeUntil ? shadow : enforced;
  }

  /** In the order of the settings. */
  all(): readonly (PolicyInForce & { readonly name: PolicyName })[] {
    return POLICY_NAMES.map((name) => ({ name, ...this.of(name) }));
  }

  /** In force here at once. Throws `DependencyUnavailable`. */
  async change(policy: PolicyName, change: LimitChange, by: Origin): Promise<PolicyInForce> {
    this.#adopt(await this.#options.store.change(policy, change, by));
    return this.of(policy);
  }

  /** Reads what was changed. Never throws. */
  async refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Begins to look every second. Returns what ends it. */
  start(): () => void {
    const timer = setInterval(() => void this.refresh(), REFRESH_MS);
    timer.unref();
    return () => clearInterval(timer);
  }

  async #read(): Promise<void> {
    try {
      for (const override of await this.#options.store.list()) this.#adopt(override);
      this.#failing = false;
    } catch (err) {
      // Once per outage, not once a second.
      if (!this.#failing) {
        this.#options.logger.warn({ err }, 'changed limits cannot be read; the last known hold');
      }
      this.#failing = true;
    }
  }

  /** What was read may be older than what was changed here while it was being read. */
  #adopt(override: LimitOverride): void {
    const name = POLICY_NAMES.find((known) => known === override.policy);
    if (name === undefined || override.changedAt <= this.#held[name].changedAt) return;
    this.#held[name] = changed(this.#options.settings[name], override);
  }
}

/** What holds of a policy until its next change. */
interface Held {
  readonly changedAt: number;
  readonly enforced: PolicyInForce;
  /** What it is until then. */
  readonly shadow?: PolicyInForce & { readonly modeUntil: number };
}

function asSet(setting: Rate): Held {
  return { changedAt: 0, enforced: { ...setting, since: 0, mode: 'enforce', modeUntil: null } };
}

function changed(setting: Rate, override: LimitOverride): Held {
  const { changedAt, rateSince: since, shadowUntil } = override;
  const capacity = override.capacity ?? setting.capacity;
  const refillPerSecond = override.refillPerSecond ?? setting.refillPerSecond;
  const rate = { capacity, refillPerSecond, since };
  return {
    changedAt,
    enforced: { ...rate, mode: 'enforce', modeUntil: null },
    ...(shadowUntil !== null && { shadow: { ...rate, mode: 'shadow', modeUntil: shadowUntil } }),
  };
}
