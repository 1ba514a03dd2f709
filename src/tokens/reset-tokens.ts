import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock';
import type { ResetGrant, ResetTokenStore } from '../stores/reset-token/reset-token-store';
import { digestsWith, digestWith, firstKey } from './keyring';
import type { LinkTokens } from './link-token';

/** How long a reset token lives. */
export const RESET_TOKEN_TTL_SECONDS = 600;
/** 32 bytes in base64url. */
const SHAPE = /^[\w-]{43}$/;

export interface ResetTokensOptions {
  readonly keys: readonly Buffer[];
  readonly store: ResetTokenStore;
  readonly links: LinkTokens;
  readonly clock: Clock;
}

export interface IssuedResetToken {
  readonly resetToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

export interface ConsumedResetToken {
  readonly grant: ResetGrant;
  /** Throws `DependencyUnavailable`. */
  putBack(): Promise<void>;
}

/**
 * Tokens that let their bearer set a new password: of 256 random bits, kept only as keyed digests, or signed and kept
 * nowhere.
 */
export class ResetTokens {
  readonly #keys: readonly Buffer[];
  readonly #firstKey: Buffer;
  readonly #store: ResetTokenStore;
  readonly #links: LinkTokens;
  readonly #clock: Clock;

  constructor({ keys, store, links, clock }: ResetTokensOptions) {
    this.#keys = keys;
    this.#firstKey = firstKey(keys);
    this.#store = store;
    this.#links = links;
    this.#clock = clock;
  }

  /** Throws `DependencyUnavailable`. */
  async issue(grant: ResetGrant): Promise<IssuedResetToken> {
    const resetToken = randomBytes(32).toString('base64url');
    const expiresAt = this.#clock.now() + RESET_TOKEN_TTL_SECONDS * 1000;
    await this.#store.put(digestWith(this.#firstKey, 'reset', resetToken), grant, expiresAt);
    return { resetToken, expiresIn: RESET_TOKEN_TTL_SECONDS };
  }

  /**
   * For a process that cannot put anything where the service finds it: a signed token. That it works once is the
   * credential version's doing, which a reset raises.
   */
  issueSigned(grant: ResetGrant): IssuedResetToken {
    const resetToken = this.#links.issue({
      subjectId: grant.userId,
      version: grant.credentialVersion,
      purpose: 'reset_password',
      expiresAt: this.#clock.now() + RESET_TOKEN_TTL_SECONDS * 1000,
    });
    return { resetToken, expiresIn: RESET_TOKEN_TTL_SECONDS };
  }

  /**
   * Consumes a token: of any number of callers one gets what it permits, and can put it back, as good as before, if the
   * work did not come to be. A signed one is not used up here: all its callers get that, and the credential version
   * lets one of them through. Throws `DependencyUnavailable`.
   */
  async consume(token: string): Promise<ConsumedResetToken | undefined> {
    const signed = this.#links.verify(token, 'reset_password');
    if (signed !== undefined) {
      const grant = { userId: signed.subjectId, credentialVersion: signed.version };
      return { grant, putBack: async () => {} };
    }
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
