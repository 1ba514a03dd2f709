import type { Origin } from '../audit/audit-store';

export type PasswordChange =
  | { readonly outcome: 'changed'; readonly endedSessions: readonly string[] }
  /** Another change of password or e-mail came first. */
  | { readonly outcome: 'stale' };

/**
 * Passwords of users. Every method is one atomic step, which also writes the audit events that it tells of (`by`: who
 * asked for it), and throws `DependencyUnavailable`.
 */
export interface CredentialStore {
  /** Sets the password if no other change of password or e-mail came first, ends every session and tells the owner. */
  resetPassword(
    userId: string,
    credentialVersion: number,
    passwordHash: string,
    by: Origin,
  ): Promise<PasswordChange>;
  /** The same for a signed-in user, whose own session goes on. */
  changePassword(
    userId: string,
    credentialVersion: number,
    passwordHash: string,
    keptSessionId: string,
    by: Origin,
  ): Promise<PasswordChange>;
  /** Replaces a hash by one of the same password under today's cost and pepper, if it is still the stored one. */
  renewPasswordHash(userId: string, from: string, to: string): Promise<void>;
}
