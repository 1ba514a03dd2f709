import type { Clock } from '../../clock';

export interface SessionStoreOptions {
  readonly clock: Clock;
  /** Seconds a session lives at most: so long stays the tombstone of a session that is not held. */
  readonly maxAgeSeconds: number;
}
