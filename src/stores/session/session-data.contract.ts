import { randomUUID } from 'node:crypto';
import type { TestClock } from '../../testing/test-clock';
import type { SessionState, SessionStore, SessionUser } from './session-store';

export interface SessionFixture {
  readonly store: SessionStore;
  readonly clock: TestClock;
}

export const DAY = 24 * 60 * 60_000;

export const aUser = (over: Partial<SessionUser> = {}): SessionUser => ({
  id: randomUUID(),
  email: 'ada@example.org',
  username: 'Ada',
  role: 'USER',
  emailVerified: true,
  createdAt: 1_700_000_000_000,
  version: 1,
  ...over,
});

export const aSession = (user: SessionUser, now: number, over: Partial<SessionState> = {}): SessionState => ({
  sessionId: randomUUID(),
  userId: user.id,
  generation: 1,
  confirmedAt: now,
  expiresAt: now + 7 * DAY,
  endsAt: now + 30 * DAY,
  freshUntil: now + 900_000,
  ...over,
});

/** A session of a user, put in. */
export async function beginSession(
  { store, clock }: SessionFixture,
  over: Partial<SessionState> = {},
  user: SessionUser = aUser(),
) {
  const session = aSession(user, clock.now(), over);
  await store.restore(user, session);
  return { store, clock, user, session, ids: [user.id, session.sessionId] as const };
}
