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
  issue(
    account: Account,
    record: Pick<SessionRecord, 'id' | 'secret' | 'endsAt'>,
    generation: number,
    expiresAt: number,
  ): Grant {
    const { accessTokens, refreshTokens, clock } = this.#options;
    const user = sessionUser(account);
    const { token, expiresIn } = accessTokens.issue({
      userId: user.id,
      sessionId: record.id,
      role: user.role,
      sessionEndsAt: record.endsAt,
    });
    const refreshToken = refreshTokens.issue({
      sessionId: record.id,
      sessionSecret: record.secret,
      generation,
    });
    const refreshExpiresIn = Math.max(0, Math.floor((expiresAt - clock.now()) / 1000));
    return { accessToken: token, expiresIn, refreshToken, refreshExpiresIn, user };
  }

  /** When a session that is used now ends by disuse; never after its own end. */
  idleEnd(endsAt: number): number {
    return Math.min(endsAt, this.#options.clock.now() + this.#options.idleSeconds * 1000);
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
