import type { SessionState, SessionUser } from './session-store';

export interface HeldSession {
  /** Undefined for a tombstone. */
  readonly state: SessionState | undefined;
  readonly keptUntil: number;
}

/** What a process holds of one user. */
export interface HeldUser {
  readonly user: SessionUser | undefined;
  /** No restore that read an older version of the user may win. */
  readonly leastVersion: number;
  /** Changes of the user under way, and until when they count. */
  readonly changes: number;
  readonly changingUntil: number;
  readonly userKeptUntil: number;
  readonly sessions: Map<string, HeldSession>;
  /** When the last of the live sessions ends, as far as that has been counted; 0 for none. */
  readonly counted: { until: number };
}

export type OpenedSession =
  | { readonly outcome: 'live'; readonly state: SessionState }
  | { readonly outcome: 'ended' | 'missing' };

export function openSession(held: HeldUser, sessionId: string, now: number): OpenedSession {
  const session = held.sessions.get(sessionId);
  if (session === undefined || session.keptUntil <= now) return { outcome: 'missing' };
  const { state } = session;
  return isLive(state, now) ? { outcome: 'live', state } : { outcome: 'ended' };
}

export function isLive(state: SessionState | undefined, now: number): state is SessionState {
  return state !== undefined && now < state.expiresAt && now < state.endsAt;
}

/** True if `state` knows of a rotation or a confirmation that `held` does not. */
export function isNewer(state: SessionState, held: SessionState): boolean {
  if (state.generation !== held.generation) return state.generation > held.generation;
  return state.confirmedAt !== null && held.confirmedAt === null;
}

export function replace(held: HeldUser, state: SessionState): void {
  const existing = held.sessions.get(state.sessionId);
  if (existing !== undefined) held.sessions.set(state.sessionId, { ...existing, state });
}

/** `now` and `keptUntil` are milliseconds since the epoch. While a change is under way, nobody is shown. */
export function withUser(held: HeldUser, user: SessionUser, now: number, keptUntil: number): HeldUser {
  const { version } = user;
  const newer = version > held.leastVersion || (version === held.leastVersion && held.user === undefined);
  return {
    ...held,
    user: newer ? (now < held.changingUntil ? undefined : user) : held.user,
    leastVersion: Math.max(version, held.leastVersion),
    userKeptUntil: Math.max(held.userKeptUntil, keptUntil),
  };
}
