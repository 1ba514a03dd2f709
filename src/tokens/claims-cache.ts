import { RecentlyUsed } from '../recently-used';
import type { AccessClaims } from './access-claims';

/** Tokens remembered; at about 500 bytes each. */
const CAPACITY = 10_000;

/**
 * Claims of tokens whose signature has been verified, by the token's digest. A hit costs a tenth of a verification.
 * It says nothing about the session: that is asked for with every request.
 */
export class ClaimsCache {
  readonly #claims: RecentlyUsed<AccessClaims>;

  constructor(capacity: number = CAPACITY) {
    this.#claims = new RecentlyUsed(capacity);
  }

  /** `now` is in milliseconds since the epoch. */
  find(digest: string, now: number): AccessClaims | undefined {
    const claims = this.#claims.find(digest);
    if (claims === undefined || claims.expiresAt > now) return claims;
    this.#claims.delete(digest);
    return undefined;
  }

  put(digest: string, claims: AccessClaims): void {
    this.#claims.put(digest, claims);
  }
}
