export type Role = 'USER' | 'ADMIN';

/** What a session shows of its user without a look into the database. */
export interface SessionUser {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly role: Role;
  readonly emailVerified: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Grows with every change of the members above; an older version never overwrites a newer one. */
  readonly version: number;
}

/** The working state of one session (token family). All times are milliseconds since the epoch. */
export interface SessionState {
  readonly sessionId: string;
  readonly userId: string;
  /** Generation of the newest refresh token, from 1. */
  readonly generation: number;
  /**
   * When the newest generation was confirmed (its record is written, its answer may be sent); null while it is pending.
   */
  readonly confirmedAt: number | null;
  /** When the session ends unless it is used before. Never after `endsAt`. */
  readonly expiresAt: number;
  /** When the session ends in any case. */
  readonly endsAt: number;
  /** Until when the session counts as fresh, for acts that need a recent password. */
  readonly freshUntil: number;
}

export type FoundSession =
  | { readonly outcome: 'live'; readonly user: SessionUser; readonly session: SessionState }
  /** Revoked or past its end: a tombstone. */
  | { readonly outcome: 'ended' }
  /** Not held here, or held from before a restart of the server: ask the record. */
  | { readonly outcome: 'missing' };

export type Rotation =
  /** The presented generation was the newest; its successor is now pending. */
  | { readonly outcome: 'rotated'; readonly generation: number }
  /** The immediate predecessor came again while its successor is pending, or within the grace: the same successor. */
  | { readonly outcome: 'replayed'; readonly generation: number; readonly pending: boolean }
  /** An older generation, or the predecessor after the grace. The session has been ended in the same step. */
  | { readonly outcome: 'reused' }
  | { readonly outcome: 'ended' }
  /** Not held here, or the presented generation is newer than the one held: ask the record. */
  | { readonly outcome: 'missing' };

/** A change of a user that nobody has told the end of counts as over after this: whoever made it is gone. */
export const CHANGE_MS = 60_000;

/** How long the immediate predecessor still gets its successor after that was confirmed. A replay does not extend it. */
export const REPLAY_GRACE_MS = 30_000;

/**
 * The working state of all sessions. Every call is one atomic step; every key has a TTL.
 * State written before a restart of the server counts as missing, so a server that comes back with old data revives
 * nothing. Every method throws `DependencyUnavailable`.
 */
export interface SessionStore {
  find(userId: string, sessionId: string): Promise<FoundSession>;
  /**
   * Puts a session in if it is absent (a tombstone or a newer state stays); also brings the user up to date.
   * Used at login and to refill a missing session from its record.
   */
  restore(user: SessionUser, session: SessionState): Promise<void>;
  /** Presents `generation`. */
  rotate(userId: string, sessionId: string, generation: number): Promise<Rotation>;
  /**
   * Confirms that the record of `generation` is written, if that is still the newest one and pending, and moves the
   * end by disuse to `expiresAt`. Confirming twice changes nothing.
   */
  confirm(
    userId: string,
    sessionId: string,
    generation: number,
    expiresAt: number,
  ): Promise<'confirmed' | 'ended' | 'missing'>;
  /** Ends these sessions: leaves a tombstone for each, known or not. */
  end(userId: string, sessionIds: readonly string[]): Promise<void>;
  /** Ends every session held of the user, except one. */
  endAll(userId: string, exceptSessionId?: string): Promise<void>;
  /** Brings what sessions show of the user up to date, if `user.version` is newer and no change is under way. */
  putUser(user: SessionUser): Promise<void>;
  /**
   * A change of the user is about to be made in the record: until its end is told, for `CHANGE_MS` at most, sessions of the
   * user are missing here, whoever restores them. Several may be under way.
   */
  beginChange(userId: string): Promise<void>;
  /** The change has ended, and left the user like this; undefined where sessions are to be restored from their records. */
  endChange(userId: string, user: SessionUser | undefined): Promise<void>;
  /** Marks a live session as fresh until then. */
  markFresh(userId: string, sessionId: string, freshUntil: number): Promise<'marked' | 'ended' | 'missing'>;
  /** Users with a live session, and live sessions, counted without a scan; it may be a second behind. */
  countLive(): Promise<{ readonly users: number; readonly sessions: number }>;
}
