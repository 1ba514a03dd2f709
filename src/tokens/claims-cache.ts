import type { AccessClaims } from './access-claims';

/** Tokens remembered; at about 500 bytes each. */
const CAPACITY = 10_000;

/**
 * Claims of tokens whose signature has been verified, by the token's digest. A hit costs a tenth of a verification.
 * It says nothing about the session: that is asked for with every request.
 */
export class ClaimsCache {
  readonly #capacity: number;
  /** In the order of use, the longest unused first. */
  readonly #claims = new Map<string, AccessClaims>();

  constructor(capacity: number = CAPACITY) {
    this.#capacity = capacity;
  }

  /** `now` is in milliseconds since the epoch. */
  find(digest: string, now: number): AccessClaims | undefined {
    const claims = this.#claims.get(digest);
    if (claims === undefined) return undefined;
    this.#claims.delete(digest);
    if (claims.expiresAt <= now) return undefined;
    this.#claims.set(digest, claims);
    return claims;
  }

  put(digest: string, claims: AccessClaims): void {
    this.#claims.set(digest, claims);
    if (this.#claims.size <= this.#capacity) return;
    const [longestUnused] = this.#claims.keys();
    if (longestUnused !== undefined) this.#claims.delete(longestUnused);
  }
}
