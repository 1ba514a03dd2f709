import type { SessionState, SessionUser } from '../stores/session/session-store';

/** Somebody with a live session. */
export interface UserPrincipal {
  readonly kind: 'user';
  readonly user: SessionUser;
  readonly session: SessionState;
}

/** The bearer of a guest token: a random id, no account, no session. */
export interface GuestPrincipal {
  readonly kind: 'guest';
  readonly guestId: string;
}

/** Sent a token that is not valid, to a call that can do without one. */
export interface RejectedPrincipal {
  readonly kind: 'rejected';
}

export type Principal = UserPrincipal | GuestPrincipal | RejectedPrincipal;

/**
 * Who may call an endpoint: `public` looks at no token; `optional` takes a session's token where one is
 * sent, and says whether it held; `guest` wants any valid token, a guest's too; `user` wants a session's.
 */
export type Access = 'public' | 'optional' | 'guest' | 'user';

export interface PrincipalOf {
  public: undefined;
  optional: UserPrincipal | RejectedPrincipal | undefined;
  guest: UserPrincipal | GuestPrincipal;
  user: UserPrincipal;
}
