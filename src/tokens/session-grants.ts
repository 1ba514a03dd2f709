import type { Clock } from '../clock';
import type { Account } from '../stores/account/account-store';
import type { SessionState, SessionUser } from '../stores/session/session-store';
import type { SessionRecord } from '../stores/session-record/session-record-store';
import type { AccessTokens } from './access-token';
import type { RefreshTokens } from './refresh-token';

/** What a login or a refresh hands out. */
export interface Grant {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly refreshToken: string;
  /** Seconds. */
  readonly refreshExpiresIn: number;
  readonly user: SessionUser;
}

/** Milliseconds since the epoch. */
export interface Lifetime {
  readonly now: number;
  readonly expiresAt: number;
}

type Session = Pick<SessionRecord, 'id' | 'secret'>;

export interface SessionGrantsOptions {
  readonly accessTokens: AccessTokens;
  readonly refreshTokens: RefreshTokens;
  readonly clock: Clock;
  /** Seconds a session lives without use. */
  readonly idleSeconds: number;
}

/** Issues the pair of tokens of a session, and says how long it lives when it is used now. */
export class SessionGrants {
  readonly #options: SessionGrantsOptions;

  constructor(options: SessionGrantsOptions) {
    this.#options = options;
  }

  /** The same generation gives the same refresh token, however often it is asked for. */
  issue(account: Account, record: Session, generation: number, lifetime: Lifetime): Grant {
    const { accessTokens, refreshTokens } = this.#options;
    const user = sessionUser(account);
    const { token, expiresIn } = accessTokens.issue({
      userId: user.id,
      sessionId: record.id,
      role: user.role,
      sessionEndsAt: lifetime.expiresAt,
    });
    const refreshToken = refreshTokens.issue({
      sessionId: record.id,
      sessionSecret: record.secret,
      generation,
    });
    const refreshExpiresIn = Math.max(0, Math.floor((lifetime.expiresAt - lifetime.now) / 1000));
    return { accessToken: token, expiresIn, refreshToken, refreshExpiresIn, user };
  }

  /** The lifetime of a session that is used now: it ends by disuse, never after its own end. */
  renewed(endsAt: number): Lifetime {
    const now = this.#options.clock.now();
    return { now, expiresAt: Math.min(endsAt, now + this.#options.idleSeconds * 1000) };
  }

  /** The lifetime of a session whose end does not move. */
  unchanged(expiresAt: number): Lifetime {
    return { now: this.#options.clock.now(), expiresAt };
  }
}

/** What a session shows of its user. */
export function sessionUser(account: Account): SessionUser {
  const { id, email, username, role, emailVerified, createdAt, version } = account;
  return { id, email, username, role, emailVerified, createdAt, version };
}

/** The working state that a record stands for. */
export function sessionState(record: SessionRecord): SessionState {
  const { id: sessionId, userId, generation, confirmedAt, expiresAt, endsAt, freshUntil } = record;
  return { sessionId, userId, generation, confirmedAt, expiresAt, endsAt, freshUntil };
}
