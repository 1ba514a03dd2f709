import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { aSession, aUser, beginSession, DAY, type SessionFixture } from './session-data.contract';
import { REPLAY_GRACE_MS, type SessionState } from './session-store';

/** What rotating does in every session store; part of their contract. */
export function rotationContract(fixture: () => SessionFixture): void {
  const begin = (over?: Partial<SessionState>) => beginSession(fixture(), over);

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
}

type Step =
  | { readonly does: 'present'; readonly behind: number }
  | { readonly does: 'confirm' }
  | { readonly does: 'wait'; readonly seconds: number };

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ does: fc.constant('present'), behind: fc.constantFrom(-1, 0, 0, 0, 1, 1, 1, 2) }),
  fc.record({ does: fc.constant('confirm') }),
  // No sum of these comes near the grace: a test takes time too.
  fc.record({ does: fc.constant('wait'), seconds: fc.constantFrom(7, 11, 40) }),
);

/** Any sequence of presenting, confirming and waiting has the outcomes of a model of a few lines. */
export function rotationProperty(open: () => SessionFixture): fc.IAsyncProperty<[Step[]]> {
  return fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
    const { store, clock } = open();
    const user = aUser();
    const session = aSession(user, clock.now());
    const ids = [user.id, session.sessionId] as const;
    await store.restore(user, session);

    let time = 0;
    let newest = 1;
    let confirmedAt: number | null = 0;
    let ended = false;
    for (const taken of steps) {
      if (taken.does === 'wait') {
        clock.advance(taken.seconds * 1_000);
        time += taken.seconds * 1_000;
      } else if (taken.does === 'confirm') {
        const outcome = await store.confirm(...ids, newest, session.expiresAt);
        expect(outcome).toBe(ended ? 'ended' : 'confirmed');
        confirmedAt ??= time;
      } else {
        const presented = newest - taken.behind;
        if (presented < 1) continue;
        const { outcome, ...more } = await store.rotate(...ids, presented);
        if (ended) {
          expect(outcome).toBe('ended');
        } else if (taken.behind < 0) {
          expect(outcome).toBe('missing');
        } else if (taken.behind === 0) {
          newest += 1;
          confirmedAt = null;
          expect({ outcome, ...more }).toEqual({ outcome: 'rotated', generation: newest });
        } else if (taken.behind === 1 && (confirmedAt === null || time - confirmedAt < REPLAY_GRACE_MS)) {
          const pending = confirmedAt === null;
          expect({ outcome, ...more }).toEqual({ outcome: 'replayed', generation: newest, pending });
        } else {
          expect(outcome).toBe('reused');
          ended = true;
        }
      }
    }
    expect((await store.find(...ids)).outcome).toBe(ended ? 'ended' : 'live');
  });
}
