import { ExpiryTally } from '../memory/expiry-tally';
import { type HeldUser, isLive } from './held-user';
import type { SessionState } from './session-store';

/** Counts live sessions in this process, and their users, as they come and go. */
export class LiveTally {
  readonly #users = new ExpiryTally();
  readonly #sessions = new ExpiryTally();

  /** A session of the user was put in or has another end. */
  extended(held: HeldUser, before: SessionState | undefined, after: SessionState, now: number): void {
    this.#sessions.move(expiryOf(before), expiryOf(after), now);
    this.#userLives(held, Math.max(held.counted.until, expiryOf(after)), now);
  }

  /** Sessions of the user have been ended. */
  ended(held: HeldUser, ended: readonly SessionState[], now: number): void {
    for (const state of ended) this.#sessions.move(expiryOf(state), 0, now);
    let last = 0;
    for (const { state } of held.sessions.values()) {
      if (isLive(state, now)) last = Math.max(last, expiryOf(state));
    }
    this.#userLives(held, last, now);
  }

  count(now: number): { readonly users: number; readonly sessions: number } {
    return { users: this.#users.count(now), sessions: this.#sessions.count(now) };
  }

  #userLives({ counted }: HeldUser, until: number, now: number): void {
    this.#users.move(counted.until, until, now);
    counted.until = until;
  }
}

function expiryOf(state: SessionState | undefined): number {
  return state === undefined ? 0 : Math.min(state.expiresAt, state.endsAt);
}
