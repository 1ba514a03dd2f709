import type { Account } from '../account/account-store';
import type { Origin } from '../audit/audit-store';

/** The record of a session: what its working state is rebuilt from. Times are milliseconds since the epoch. */
export interface SessionRecord {
  readonly id: string;
  readonly userId: string;
  /** 128 random bits, part of the key of this session's refresh tokens. */
  readonly secret: Uint8Array;
  readonly generation: number;
  readonly confirmedAt: number | null;
  readonly address: string;
  readonly userAgent: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly freshUntil: number;
  readonly expiresAt: number;
  readonly endsAt: number;
  readonly revoked: boolean;
}

/** Where a session is used from. */
export interface Device {
  readonly address: string;
  readonly userAgent: string;
}

/** Sessions a user may have at a time; the oldest ends. */
export const MAX_SESSIONS_PER_USER = 50;

/** How a session was begun. */
export type LoginMethod = 'password' | 'otp';

/**
 * The records of sessions. Every method is one atomic step, which also writes the audit events that it tells of (`by`: who
 * asked for it), and throws `DependencyUnavailable`.
 */
export interface SessionRecordStore {
  /**
   * Begins a session, if the credentials it was begun with are still the user's and the user may log in. Notes the
   * login and its address; names the sessions that had to end for it, and says whether it was the account's first.
   */
  begin(
    session: Omit<SessionRecord, 'generation' | 'confirmedAt' | 'lastUsedAt' | 'revoked'>,
    credentialVersion: number,
    method: LoginMethod,
    by: Origin,
  ): Promise<
    | { readonly outcome: 'begun'; readonly endedSessions: readonly string[]; readonly first: boolean }
    | { readonly outcome: 'stale' }
  >;
  find(sessionId: string): Promise<{ readonly record: SessionRecord; readonly account: Account } | undefined>;
  /** Live sessions of a user, the last used first. */
  list(userId: string): Promise<readonly SessionRecord[]>;
  /** Writes that `generation` has been issued, unless a newer one has or the session has ended. */
  advance(
    sessionId: string,
    generation: number,
    use: Device & { readonly expiresAt: number },
  ): Promise<'written' | 'ended'>;
  /** Notes that the answer with `generation` may be sent from now on. */
  confirm(sessionId: string, generation: number): Promise<void>;
  /** Marks the session as fresh until then; false if it has ended. */
  markFresh(userId: string, sessionId: string, freshUntil: number, by: Origin): Promise<boolean>;
  /** False if this user has no such live session. */
  end(userId: string, sessionId: string, by: Origin): Promise<boolean>;
  /** Ends a session whose refresh token was reused, and tells the owner. */
  endReused(userId: string, sessionId: string, by: Origin): Promise<void>;
  /** Users with a live session, in the order of their ids: the first so many of those after `userId`, or of all. */
  listUsers(userId: string | undefined, limit: number): Promise<readonly string[]>;
  /** Ends all sessions of a user; names those that it ended. */
  endAll(userId: string, by: Origin): Promise<readonly string[]>;
}
