import type { Clock } from '../../clock';
import type { AddressKey } from './audit-seal';

/** Milliseconds that a key is held in memory, also beyond the user's removal by another process. */
const HELD_MS = 10 * 60_000;
const MAX_HELD = 10_000;

/**
 * The keys of users that addresses are encrypted with, remembered for ten minutes: they never change. What is encrypted with
 * one after its user was removed elsewhere can be read by nobody.
 */
export class AddressKeys {
  readonly #clock: Clock;
  /** In the order in which they die. */
  readonly #held = new Map<string, { readonly key: AddressKey; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  find(userId: string): AddressKey | undefined {
    const held = this.#held.get(userId);
    return held !== undefined && held.until > this.#clock.now() ? held.key : undefined;
  }

  put(userId: string, key: AddressKey): void {
    const now = this.#clock.now();
    this.#held.delete(userId);
    this.#held.set(userId, { key, until: now + HELD_MS });
    for (const [id, { until }] of this.#held) {
      if (until > now && this.#held.size <= MAX_HELD) break;
      this.#held.delete(id);
    }
  }

  drop(userId: string): void {
    this.#held.delete(userId);
  }
}
