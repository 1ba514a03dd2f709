import type { Origin } from '../audit/audit-store';

/** What was changed of a limit while the service runs. Times are milliseconds since the epoch. */
export interface LimitOverride {
  readonly policy: string;
  /** Null: that of the setting. */
  readonly capacity: number | null;
  /** Null: that of the setting. */
  readonly refillPerSecond: number | null;
  /** Until then the limit counts and refuses nothing; null for never. */
  readonly shadowUntil: number | null;
  /** Since when capacity and refill are these. */
  readonly rateSince: number;
  /** Grows with every change, whatever the clocks of those who make them. */
  readonly changedAt: number;
}

/** What to change; null returns to the setting, and what is not given stays. */
export interface LimitChange {
  readonly capacity?: number | null | undefined;
  readonly refillPerSecond?: number | null | undefined;
  /** When the shadow ends; null ends it now. */
  readonly shadowUntil?: number | null | undefined;
}

/** Every method throws `DependencyUnavailable`. */
export interface LimitOverrideStore {
  /** All that was ever changed, also what is as its setting says again. */
  list(): Promise<readonly LimitOverride[]>;
  /** Two changes at once of different members both hold. */
  change(policy: string, change: LimitChange, by: Origin): Promise<LimitOverride>;
}
