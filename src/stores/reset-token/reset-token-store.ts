/** Whose password a reset token may set, and under which credentials it was given. */
export interface ResetGrant {
  readonly userId: string;
  /** The user's credential version at that time: any later change of password or e-mail voids the token. */
  readonly credentialVersion: number;
}

/**
 * Reset tokens under way, by keyed digest. Tokens written before a restart of the server are void. Every key has a TTL.
 * All methods throw `DependencyUnavailable`.
 */
export interface ResetTokenStore {
  /** Keeps a grant until `expiresAt` (milliseconds since the epoch). */
  put(digest: string, grant: ResetGrant, expiresAt: number): Promise<void>;
  /** Reads without consuming. */
  find(digest: string): Promise<ResetGrant | undefined>;
  /** True for the one caller who removed it. */
  remove(digest: string): Promise<boolean>;
}
