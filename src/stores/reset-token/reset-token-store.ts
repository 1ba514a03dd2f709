/** Whose password a reset token may set, and under which credentials it was given. */
export interface ResetGrant {
  readonly userId: string;
  /** The user's credential version at that time: any later change of password or e-mail voids the token. */
  readonly credentialVersion: number;
}

export interface TakenGrant {
  readonly grant: ResetGrant;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Reset tokens under way, by keyed digest. Tokens written before a restart of the server are void. Every key has a TTL.
 * All methods throw `DependencyUnavailable`.
 */
export interface ResetTokenStore {
  /** Keeps a grant until `expiresAt` (milliseconds since the epoch). */
  put(digest: string, grant: ResetGrant, expiresAt: number): Promise<void>;
  /** Takes a grant away: of any number of callers one gets it, with its end, so that it can be put back. */
  take(digest: string): Promise<TakenGrant | undefined>;
}
