import type { Origin } from '../audit/audit-store';
import type { Role } from '../session/session-store';

/** A user as the record knows it. Times are milliseconds since the epoch. */
export interface Account {
  readonly id: string;
  /** Canonical form. */
  readonly email: string;
  readonly username: string;
  /** Null after the password was voided: no password matches. */
  readonly passwordHash: string | null;
  readonly role: Role;
  /** False while the registration is pending. */
  readonly emailVerified: boolean;
  readonly disabled: boolean;
  readonly credentialVersion: number;
  readonly version: number;
  readonly createdAt: number;
}

/** A mail that anybody can cause by an address: written for unknown addresses too, so that known and unknown cost the same. */
export type CodeMail = 'VERIFY_EMAIL' | 'LOGIN_CODE' | 'RESET_CODE';

/** How long a registration may stay unproven. */
export const PENDING_LIFETIME_MS = 24 * 60 * 60_000;

/** Addresses that stay known to an account, and for how long. */
export const MAX_KNOWN_ADDRESSES = 10;
export const KNOWN_ADDRESS_LIFETIME_MS = 90 * 24 * 60 * 60_000;

/**
 * Users and what changes with them. Every method is one atomic step, which also writes the audit events that it tells of
 * (`by`: who asked for it), and throws `DependencyUnavailable`.
 */
export interface AccountStore {
  find(userId: string): Promise<Account | undefined>;
  /** A pending account past its 24 hours is none. */
  findByEmail(email: string): Promise<Account | undefined>;
  /**
   * Makes a pending account, or replaces name and password of the pending one; leaves a verified one alone, and makes
   * none with an address that is kept for whoever gave it up. The mail it causes (a code for the pending, a notice for
   * the verified) goes to the outbox in the same step. Says whether there is a pending account now; no client may learn.
   */
  register(
    registration: { readonly email: string; readonly username: string; readonly passwordHash: string },
    by: Origin,
  ): Promise<'pending' | 'known'>;
  /** Puts a code mail into the outbox, whoever the address belongs to, or nobody. */
  requestCode(email: string, kind: CodeMail): Promise<void>;
  /** Proves the e-mail of exactly this registration. */
  verifyEmail(userId: string, credentialVersion: number, by: Origin): Promise<'verified' | 'superseded'>;
  /** Undefined if the user is gone. */
  changeUsername(userId: string, username: string, by: Origin): Promise<Account | undefined>;
  /** True if the e-mail's account completed a login from the address within 90 days, among its newest ten. */
  knowsAddress(email: string, address: string): Promise<boolean>;
  /**
   * Makes the first admin, verified, if there is no admin; replaces a pending account with that e-mail, refuses one that
   * belongs to somebody else or is kept for whoever gave it up.
   */
  createFirstAdmin(
    admin: { readonly email: string; readonly username: string; readonly passwordHash: string },
    by: Origin,
  ): Promise<'created' | 'exists' | 'email_taken'>;
  /**
   * Makes a verified account without a password; replaces a pending one with that e-mail. Undefined if the address is
   * a verified user's, or kept for whoever gave it up.
   */
  createVerified(
    account: { readonly email: string; readonly username: string; readonly role: Role },
    by: Origin,
  ): Promise<Account | undefined>;
  /** True if any admin exists. */
  hasAdmin(): Promise<boolean>;
}
