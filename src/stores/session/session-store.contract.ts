import { randomUUID } from 'node:crypto';
import type { TestClock } from '../../testing/test-clock';
import type { SessionState, SessionStore, SessionUser } from './session-store';

export interface SessionFixture {
  readonly store: SessionStore;
  readonly clock: TestClock;
}

const DAY = 24 * 60 * 60_000;

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

/** What every session store does; `fixture` is asked anew in each test. */
export function sessionStoreContract(fixture: () => SessionFixture): void {
  const begin = async (over: Partial<SessionState> = {}, user = aUser()) => {
    const { store, clock } = fixture();
    const session = aSession(user, clock.now(), over);
    await store.restore(user, session);
    return { store, clock, user, session, ids: [user.id, session.sessionId] as const };
  };

  it('finds what was put in, and nothing else', async () => {
    const { store, user, session, ids } = await begin({ confirmedAt: null });
    expect(await store.find(...ids)).toEqual({ outcome: 'live', user, session });
    expect(await store.find(user.id, randomUUID())).toEqual({ outcome: 'missing' });
    expect(await store.find(randomUUID(), session.sessionId)).toEqual({ outcome: 'missing' });
  });

  it('ends a session by disuse, and for every call', async () => {
    const { store, clock, user, ids } = await begin({ expiresAt: fixture().clock.now() + 60_000 });
    clock.advance(60_001);
    expect(await store.find(...ids)).toEqual({ outcome: 'ended' });
    expect(await store.rotate(...ids, 1)).toEqual({ outcome: 'ended' });
    expect(await store.confirm(...ids, 1, clock.now() + DAY)).toBe('ended');
    expect(await store.markFresh(...ids, clock.now() + 1_000)).toBe('ended');
    await store.putUser({ ...user, version: 2 });
    expect(await store.find(...ids)).toEqual({ outcome: 'ended' });
  });

  it('ends a session at its end in any case', async () => {
    const { store, clock, ids } = await begin();
    await store.rotate(...ids, 1);
    expect(await store.confirm(...ids, 2, clock.now() + 300 * DAY)).toBe('confirmed');
    clock.advance(30 * DAY + 1);
    expect((await store.find(...ids)).outcome).not.toBe('live');
  });

  it('rotates: pending until confirmed, the predecessor getting the same successor meanwhile', async () => {
    const { store, clock, ids } = await begin();
    expect(await store.rotate(...ids, 1)).toEqual({ outcome: 'rotated', generation: 2 });
    // However long that takes: a refresh that answered 503 costs nothing.
    clock.advance(DAY);
    expect(await store.rotate(...ids, 1)).toEqual({ outcome: 'replayed', generation: 2, pending: true });
    const expiresAt = clock.now() + 7 * DAY;
    expect(await store.confirm(...ids, 2, expiresAt)).toBe('confirmed');
    const found = await store.find(...ids);
    expect(found).toMatchObject({ outcome: 'live', session: { generation: 2, expiresAt } });
    const confirmedAt = found.outcome === 'live' ? found.session.confirmedAt : null;
    expect(Math.abs((confirmedAt ?? 0) - clock.now())).toBeLessThan(5_000);
  });

  it('gives the predecessor its successor again within the grace, which a replay does not extend', async () => {
    const { store, clock, ids } = await begin();
    await store.rotate(...ids, 1);
    await store.confirm(...ids, 2, clock.now() + DAY);
    clock.advance(25_000);
    expect(await store.rotate(...ids, 1)).toEqual({ outcome: 'replayed', generation: 2, pending: false });
    // A second confirmation changes nothing either.
    await store.confirm(...ids, 2, clock.now() + 2 * DAY);
    clock.advance(5_001);
    expect(await store.rotate(...ids, 1)).toEqual({ outcome: 'reused' });
    expect(await store.find(...ids)).toEqual({ outcome: 'ended' });
    expect(await store.rotate(...ids, 2)).toEqual({ outcome: 'ended' });
  });

  it('takes anything older than the predecessor for reuse, even at once', async () => {
    const { store, clock, ids } = await begin();
    await store.rotate(...ids, 1);
    await store.confirm(...ids, 2, clock.now() + DAY);
    expect(await store.rotate(...ids, 2)).toEqual({ outcome: 'rotated', generation: 3 });
    expect(await store.rotate(...ids, 1)).toEqual({ outcome: 'reused' });
    expect(await store.confirm(...ids, 3, clock.now() + DAY)).toBe('ended');
  });

  it('asks the record about a generation newer than the one held, and changes nothing', async () => {
    const { store, clock, ids } = await begin({ generation: 3 });
    expect(await store.rotate(...ids, 4)).toEqual({ outcome: 'missing' });
    expect(await store.confirm(...ids, 4, clock.now() + DAY)).toBe('missing');
    expect(await store.find(...ids)).toMatchObject({ outcome: 'live', session: { generation: 3 } });
    expect(await store.rotate(ids[0], randomUUID(), 1)).toEqual({ outcome: 'missing' });
    expect(await store.confirm(ids[0], randomUUID(), 1, clock.now() + DAY)).toBe('missing');
    expect(await store.markFresh(ids[0], randomUUID(), clock.now())).toBe('missing');
  });

  it('gives one refresh token one successor and one live branch, of 64 at once, in 100 rounds', async () => {
    const { store, clock, ids } = await begin();
    for (let generation = 1; generation <= 100; generation += 1) {
      const rotations = await Promise.all(Array.from({ length: 64 }, () => store.rotate(...ids, generation)));
      const outcomes = rotations.map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'rotated')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'replayed')).toHaveLength(63);
      const successors = rotations.map((one) => ('generation' in one ? one.generation : 0));
      expect(new Set(successors)).toEqual(new Set([generation + 1]));
      await Promise.all(
        Array.from({ length: 8 }, () => store.confirm(...ids, generation + 1, clock.now() + DAY)),
      );
    }
    expect(await store.find(...ids)).toMatchObject({ outcome: 'live', session: { generation: 101 } });
  });

  it('lets nothing undo an ending that comes among rotations and restores', async () => {
    for (let round = 0; round < 100; round += 1) {
      const { store, clock, user, session, ids } = await begin();
      const calls = Array.from({ length: 64 }, (_, n): Promise<unknown> => {
        if (n === 31) return store.end(user.id, [session.sessionId]);
        if (n % 3 === 0) return store.restore(user, { ...session, generation: 9 });
        return n % 3 === 1 ? store.rotate(...ids, 1) : store.confirm(...ids, 2, clock.now() + DAY);
      });
      await Promise.all(calls);
      expect(await store.find(...ids)).toEqual({ outcome: 'ended' });
    }
  });

  it('restores a newer state over an older, never an older over a newer', async () => {
    const { store, clock, user, session, ids } = await begin();
    await store.rotate(...ids, 1);
    await store.restore(user, session);
    expect(await store.find(...ids)).toMatchObject({ session: { generation: 2, confirmedAt: null } });
    const confirmedAt = clock.now();
    await store.restore(user, { ...session, generation: 2, confirmedAt });
    expect(await store.find(...ids)).toMatchObject({ session: { generation: 2, confirmedAt } });
    await store.restore(user, { ...session, generation: 2, confirmedAt: null });
    expect(await store.find(...ids)).toMatchObject({ session: { generation: 2, confirmedAt } });
    await store.restore(user, { ...session, generation: 5 });
    expect(await store.find(...ids)).toMatchObject({ session: { generation: 5 } });
  });

  it('keeps a tombstone for a session held and for one never seen', async () => {
    const { store, user, session, ids } = await begin();
    const unseen = { ...session, sessionId: randomUUID() };
    await store.end(user.id, [session.sessionId, unseen.sessionId]);
    for (const state of [session, unseen]) {
      await store.restore(user, { ...state, generation: 7 });
      expect(await store.find(user.id, state.sessionId)).toEqual({ outcome: 'ended' });
    }
    await store.end(user.id, []);
    await store.end(...([ids[0], [ids[1]]] as const));
    expect(await store.find(...ids)).toEqual({ outcome: 'ended' });
  });

  it('ends every session of a user, except one, and no other user', async () => {
    const user = aUser();
    const kept = await begin({}, user);
    const others = [await begin({}, user), await begin({}, user)];
    const stranger = await begin();
    await kept.store.endAll(user.id, kept.session.sessionId);
    for (const { store, ids } of others) expect(await store.find(...ids)).toEqual({ outcome: 'ended' });
    expect((await kept.store.find(...kept.ids)).outcome).toBe('live');
    await kept.store.endAll(user.id);
    expect(await kept.store.find(...kept.ids)).toEqual({ outcome: 'ended' });
    expect((await stranger.store.find(...stranger.ids)).outcome).toBe('live');
  });

  it('shows the newest version of a user, whatever order the versions come in', async () => {
    const { store, user, session, ids } = await begin();
    const renamed = { ...user, username: 'Countess', role: 'ADMIN', version: 3 } as const;
    await store.putUser(renamed);
    await store.putUser({ ...user, username: 'Old', version: 2 });
    await store.restore(user, { ...session, sessionId: randomUUID() });
    expect(await store.find(...ids)).toMatchObject({ user: renamed });
    await store.restore({ ...user, version: 4 }, session);
    expect(await store.find(...ids)).toMatchObject({ user: { version: 4 } });
  });

  it('lets a restore under way with an older version not win over a change of a user not held', async () => {
    const { store, clock } = fixture();
    const user = aUser({ role: 'ADMIN' });
    const session = aSession(user, clock.now());
    await store.putUser({ ...user, role: 'USER', version: 2 });
    expect(await store.find(user.id, session.sessionId)).toEqual({ outcome: 'missing' });
    await store.restore(user, session);
    expect(await store.find(user.id, session.sessionId)).toMatchObject({
      user: { role: 'USER', version: 2 },
    });
  });

  it('marks a live session as fresh', async () => {
    const { store, clock, ids } = await begin();
    const freshUntil = clock.now() + 12_345;
    expect(await store.markFresh(...ids, freshUntil)).toBe('marked');
    expect(await store.find(...ids)).toMatchObject({ session: { freshUntil } });
    await store.end(ids[0], [ids[1]]);
    expect(await store.markFresh(...ids, freshUntil)).toBe('ended');
  });

  it('counts live sessions and their users', async () => {
    const { store, clock } = fixture();
    const before = await store.countLive();
    const counted = async () => {
      const { users, sessions } = await store.countLive();
      return [users - before.users, sessions - before.sessions];
    };
    const user = aUser();
    const soon = clock.now() + 60_000;
    const first = await begin({ expiresAt: soon }, user);
    const second = await begin({}, user);
    const other = await begin({ expiresAt: soon });
    expect(await counted()).toEqual([2, 3]);
    await store.rotate(...first.ids, 1);
    await store.confirm(...first.ids, 2, clock.now() + 120_000);
    clock.advance(60_001);
    expect(await counted()).toEqual([1, 2]);
    await store.end(user.id, [second.session.sessionId]);
    expect(await counted()).toEqual([1, 1]);
    // Reuse ends a session too.
    await store.rotate(...first.ids, 2);
    await store.rotate(...first.ids, 1);
    expect(await counted()).toEqual([0, 0]);
    await store.restore(other.user, {
      ...other.session,
      sessionId: randomUUID(),
      expiresAt: clock.now() + DAY,
    });
    await begin({}, other.user);
    await store.endAll(other.user.id);
    expect(await counted()).toEqual([0, 0]);
  });
}
