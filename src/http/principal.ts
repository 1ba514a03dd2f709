import type { SessionState, SessionUser } from '../stores/session/session-store';
import type { GuestPermission, Permission } from './permissions';

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
 * Who may call an endpoint: `public` looks at no token; `optional` takes a session's token where one is sent, and says
 * whether it held; a permission wants a valid token of somebody whose role has it.
 */
export type Access = 'public' | 'optional' | Permission;

/** Who calls an endpoint of this access. */
export type PrincipalOf<A extends Access> = A extends 'public'
  ? undefined
  : A extends 'optional'
    ? UserPrincipal | RejectedPrincipal | undefined
    : A extends GuestPermission
      ? UserPrincipal | GuestPrincipal
      : UserPrincipal;
