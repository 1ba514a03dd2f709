import type { Origin } from '../audit/audit-store';
import type { Role } from '../session/session-store';
import type { DirectoryUser } from '../user-directory/user-directory';
import type { Account } from './account-store';

/** What is to change about a user's standing; what is undefined stays. */
export interface StandingChange {
  readonly role?: Role | undefined;
  readonly disabled?: boolean | undefined;
  /** Milliseconds since the epoch; null for no end. Only for somebody who is, or is being, disabled. */
  readonly disabledUntil?: number | null | undefined;
  readonly disabledReason?: string | null | undefined;
}

export type ChangedStanding =
  | {
      readonly outcome: 'changed';
      readonly account: Account;
      readonly user: DirectoryUser;
      /** Those of somebody who was made an admin: the password has to be given again. */
      readonly staleSessions: readonly string[];
      /** Undefined where the user's sessions go on. */
      readonly endedSessions: readonly string[] | undefined;
    }
  /** `last_admin`: no active admin would be left. `pending`: nobody has proved the e-mail yet. */
  | { readonly outcome: 'unknown' | 'last_admin' | 'pending' | 'not_disabled' };

export type RemovedAccount =
  | { readonly outcome: 'removed'; readonly endedSessions: readonly string[] }
  /** `stale`: password or e-mail changed since `credentialVersion`. */
  | { readonly outcome: 'unknown' | 'last_admin' | 'stale' };

/**
 * Role, disabling and removal of users: at least one active admin (verified, not disabled) remains, however many changes
 * come at once. Every method is one atomic step, which also writes the audit events that it tells of (`by`: who asked for
 * it), and throws `DependencyUnavailable`.
 */
export interface StandingStore {
  /** A disabling ends every session. */
  change(userId: string, change: StandingChange, by: Origin): Promise<ChangedStanding>;
  /** Removes the account and all that is kept of it, but for the audit trail, in which only its id remains. */
  remove(userId: string, by: Origin, credentialVersion?: number): Promise<RemovedAccount>;
  /** Puts a reset code for the user into the outbox; false if there is no such verified user. */
  startPasswordReset(userId: string, by: Origin): Promise<boolean>;
}
