import fc from 'fast-check';
import { REPLAY_GRACE_MS } from './session-store';
import { aSession, aUser, type SessionFixture } from './session-store.contract';

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
