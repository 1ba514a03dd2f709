import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock';
import type { ResetGrant, ResetTokenStore } from '../stores/reset-token/reset-token-store';
import { digestsWith, digestWith, firstKey } from './keyring';

/** How long a reset token lives. */
export const RESET_TOKEN_TTL_SECONDS = 600;
/** 32 bytes in base64url. */
const SHAPE = /^[\w-]{43}$/;

export interface ResetTokensOptions {
  readonly keys: readonly Buffer[];
  readonly store: ResetTokenStore;
  readonly clock: Clock;
}

/** Tokens of 256 random bits that let their bearer set a new password; kept only as keyed digests. */
export class ResetTokens {
  readonly #keys: readonly Buffer[];
  readonly #firstKey: Buffer;
  readonly #store: ResetTokenStore;
  readonly #clock: Clock;

  constructor({ keys, store, clock }: ResetTokensOptions) {
    this.#keys = keys;
    this.#firstKey = firstKey(keys);
    this.#store = store;
    this.#clock = clock;
  }

  /** `expiresIn` is in seconds. Throws `DependencyUnavailable`. */
  async issue(grant: ResetGrant): Promise<{ readonly resetToken: string; readonly expiresIn: number }> {
    const resetToken = randomBytes(32).toString('base64url');
    const expiresAt = this.#clock.now() + RESET_TOKEN_TTL_SECONDS * 1000;
    await this.#store.put(digestWith(this.#firstKey, 'reset', resetToken), grant, expiresAt);
    return { resetToken, expiresIn: RESET_TOKEN_TTL_SECONDS };
  }

  /**
   * What the token permits, without consuming it: a password that will not do must not cost the token. Throws
   * `DependencyUnavailable`.
   */
  async find(token: string): Promise<ResetGrant | undefined> {
    if (!SHAPE.test(token)) return undefined;
    const found = await Promise.all(this.#digests(token).map((digest) => this.#store.find(digest)));
    return found.find((grant) => grant !== undefined);
  }

  /** True for the one caller who consumed it. Throws `DependencyUnavailable`. */
  async consume(token: string): Promise<boolean> {
    const removed = await Promise.all(this.#digests(token).map((digest) => this.#store.remove(digest)));
    return removed.includes(true);
  }

  #digests(token: string): readonly string[] {
    return digestsWith(this.#keys, 'reset', token);
  }
}
