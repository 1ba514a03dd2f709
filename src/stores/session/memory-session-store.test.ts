import { randomUUID } from 'node:crypto';
import { TestClock } from '../../testing/test-clock';
import { MemorySessionStore } from './memory-session-store';
import { aSession, beginSession, DAY } from './session-data.contract';

const MINUTE = 60_000;

describe('sessions in this process', () => {
  const open = () => {
    const clock = new TestClock();
    return { store: new MemorySessionStore({ clock, maxAgeSeconds: (30 * DAY) / 1_000 }), clock };
  };

  it('bear any number of tombstones of one user', async () => {
    const { store, ids, user } = await beginSession(open());
    await store.end(
      user.id,
      Array.from({ length: 200_000 }, (_, index) => `ended ${index}`),
    );
    expect(await store.find(...ids)).toMatchObject({ outcome: 'live' });
  });

  it('are missing once the time of their tombstone has come, though others of the user live on', async () => {
    const { store, clock, user, session } = await beginSession(open(), { endsAt: Date.now() + 60 * DAY });
    const gone = aSession(user, clock.now(), {
      expiresAt: clock.now() + MINUTE,
      endsAt: clock.now() + MINUTE,
    });
    await store.restore(user, gone);
    await store.end(user.id, [gone.sessionId]);
    clock.advance(MINUTE - 1_000);
    expect(await store.find(user.id, gone.sessionId)).toEqual({ outcome: 'ended' });
    clock.advance(2_000);
    expect(await store.find(user.id, gone.sessionId)).toEqual({ outcome: 'missing' });
    expect(await store.rotate(user.id, gone.sessionId, 1)).toEqual({ outcome: 'missing' });
    expect(await store.find(user.id, session.sessionId)).toMatchObject({ outcome: 'live' });
    expect(await store.find(user.id, randomUUID())).toEqual({ outcome: 'missing' });
  });
});
