import { randomUUID } from 'node:crypto';
import { aSession, aUser, beginSession, DAY, type SessionFixture } from './session-data.contract';
import { rotationContract } from './session-rotation.contract';
import { CHANGE_MS, type SessionState, type SessionUser } from './session-store';

/** What every session store does; `fixture` is asked anew in each test. */
export function sessionStoreContract(fixture: () => SessionFixture): void {
  const begin = (over?: Partial<SessionState>, user?: SessionUser) => beginSession(fixture(), over, user);

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

  it('shows nobody while a change is under way, whoever restores, and then what it left', async () => {
    const { store, user, session, ids } = await begin();
    await store.beginChange(user.id);
    expect(await store.find(...ids)).toEqual({ outcome: 'missing' });
    await store.restore(user, session);
    await store.putUser({ ...user, username: 'Renamed' });
    expect(await store.find(...ids)).toEqual({ outcome: 'missing' });
    expect(await store.rotate(...ids, 1)).toMatchObject({ outcome: 'rotated' });
    await store.endChange(user.id, { ...user, role: 'USER', version: 2 });
    expect(await store.find(...ids)).toMatchObject({ user: { role: 'USER' }, session: { generation: 2 } });
    await store.restore({ ...user, role: 'ADMIN', version: 1 }, session);
    expect(await store.find(...ids)).toMatchObject({ user: { role: 'USER' } });
  });

  it('has no older version restored after a change that was refused', async () => {
    const { store, user, session, ids } = await begin();
    await store.putUser({ ...user, role: 'USER', version: 2 });
    await store.beginChange(user.id);
    await store.endChange(user.id, undefined);
    await store.restore({ ...user, role: 'ADMIN', version: 1 }, session);
    expect(await store.find(...ids)).toEqual({ outcome: 'missing' });
    await store.restore({ ...user, role: 'USER', version: 2 }, session);
    expect(await store.find(...ids)).toMatchObject({ user: { role: 'USER' } });
  });

  it('waits for the last of several changes, and for none longer than it may take', async () => {
    const { store, clock, user, session, ids } = await begin();
    await store.beginChange(user.id);
    await store.beginChange(user.id);
    await store.endChange(user.id, { ...user, username: 'First', version: 2 });
    expect(await store.find(...ids)).toEqual({ outcome: 'missing' });
    clock.advance(CHANGE_MS + 1_000);
    expect(await store.find(...ids)).toEqual({ outcome: 'missing' });
    await store.restore({ ...user, username: 'Second', version: 3 }, session);
    expect(await store.find(...ids)).toMatchObject({ user: { username: 'Second' } });
    await store.beginChange(user.id);
    await store.endChange(user.id, { ...user, username: 'Third', version: 4 });
    expect(await store.find(...ids)).toMatchObject({ user: { username: 'Third' } });
    await store.endChange(randomUUID(), undefined);
  });

  it('ends a session at its end in any case', async () => {
    const { store, clock, ids } = await begin();
    await store.rotate(...ids, 1);
    expect(await store.confirm(...ids, 2, clock.now() + 300 * DAY)).toBe('confirmed');
    clock.advance(30 * DAY + 1);
    expect((await store.find(...ids)).outcome).not.toBe('live');
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
    // Out of the way of sessions that other tests have left to expire soon.
    clock.advance(3_600_000);
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
    // The count may be a second behind.
    clock.advance(61_000);
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

  rotationContract(fixture);
}
