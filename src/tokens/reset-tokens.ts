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

export interface ConsumedResetToken {
  readonly grant: ResetGrant;
  /** Throws `DependencyUnavailable`. */
  putBack(): Promise<void>;
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
   * Consumes a token: of any number of callers one gets what it permits, and can put it back, as good as before, if the
   * work did not come to be. Throws `DependencyUnavailable`.
   */
  async consume(token: string): Promise<ConsumedResetToken | undefined> {
    if (!SHAPE.test(token)) return undefined;
    for (const digest of digestsWith(this.#keys, 'reset', token)) {
      const taken = await this.#store.take(digest);
      if (taken === undefined) continue;
      const { grant, expiresAt } = taken;
      return { grant, putBack: () => this.#store.put(digest, grant, expiresAt) };
    }
    return undefined;
  }
}
