import type { Clock } from '../../clock';
import { ExpiringMap } from '../memory/expiring-map';
import { type HeldUser, isLive, isNewer, openSession, replace, withUser } from './held-user';
import { LiveTally } from './live-tally';
import {
  CHANGE_MS,
  type FoundSession,
  REPLAY_GRACE_MS,
  type Rotation,
  type SessionState,
  type SessionStore,
  type SessionUser,
} from './session-store';
import type { SessionStoreOptions } from './session-store-options';

/** A tombstone or a user's version must outlive every restore that was under way when it was written. */
const SHORTEST_TTL_MS = 60_000;
const MAX_USERS = 1_000_000;

/** Sessions in this process: for one instance alone. A restart loses them, and the record brings them back. */
export class MemorySessionStore implements SessionStore {
  readonly #clock: Clock;
  readonly #tombstoneMs: number;
  readonly #users = new ExpiringMap<HeldUser>(MAX_USERS);
  readonly #live = new LiveTally();

  constructor({ clock, maxAgeSeconds }: SessionStoreOptions) {
    this.#clock = clock;
    this.#tombstoneMs = maxAgeSeconds * 1_000;
  }

  async find(userId: string, sessionId: string): Promise<FoundSession> {
    const now = this.#clock.now();
    const held = this.#held(userId, now);
    const opened = openSession(held, sessionId, now);
    if (opened.outcome !== 'live') return opened;
    if (held.user === undefined || now < held.changingUntil) return { outcome: 'missing' };
    return { outcome: 'live', user: held.user, session: opened.state };
  }

  async restore(user: SessionUser, state: SessionState): Promise<void> {
    const now = this.#clock.now();
    const held = this.#swept(state.userId, now);
    const existing = held.sessions.get(state.sessionId);
    if (existing !== undefined && existing.state === undefined) return;
    const keptUntil = Math.max(state.endsAt, now + SHORTEST_TTL_MS);
    const newer = existing?.state === undefined || isNewer(state, existing.state);
    if (newer) held.sessions.set(state.sessionId, { state, keptUntil });
    this.#keep(state.userId, withUser(held, user, now, keptUntil), now);
    if (newer) this.#live.extended(held, existing?.state, state, now);
  }

  async rotate(userId: string, sessionId: string, presented: number): Promise<Rotation> {
    const now = this.#clock.now();
    const held = this.#held(userId, now);
    const opened = openSession(held, sessionId, now);
    if (opened.outcome !== 'live') return opened;
    const { generation, confirmedAt } = opened.state;
    if (presented > generation) return { outcome: 'missing' };
    if (presented === generation) {
      replace(held, { ...opened.state, generation: generation + 1, confirmedAt: null });
      return { outcome: 'rotated', generation: generation + 1 };
    }
    const pending = confirmedAt === null;
    if (presented === generation - 1 && (pending || now <= confirmedAt + REPLAY_GRACE_MS)) {
      return { outcome: 'replayed', generation, pending };
    }
    this.#bury(userId, held, [sessionId], now);
    return { outcome: 'reused' };
  }

  async confirm(
    userId: string,
    sessionId: string,
    generation: number,
    expiresAt: number,
  ): Promise<'confirmed' | 'ended' | 'missing'> {
    const now = this.#clock.now();
    const held = this.#held(userId, now);
    const opened = openSession(held, sessionId, now);
    if (opened.outcome !== 'live') return opened.outcome;
    const { state } = opened;
    if (generation > state.generation) return 'missing';
    if (generation === state.generation && state.confirmedAt === null) {
      const confirmed = { ...state, confirmedAt: now, expiresAt: Math.min(expiresAt, state.endsAt) };
      replace(held, confirmed);
      this.#live.extended(held, state, confirmed, now);
    }
    return 'confirmed';
  }

  async end(userId: string, sessionIds: readonly string[]): Promise<void> {
    const now = this.#clock.now();
    this.#bury(userId, this.#swept(userId, now), sessionIds, now);
  }

  async endAll(userId: string, exceptSessionId?: string): Promise<void> {
    const now = this.#clock.now();
    const held = this.#swept(userId, now);
    const others = [...held.sessions.keys()].filter((sessionId) => sessionId !== exceptSessionId);
    this.#bury(userId, held, others, now);
  }

  async putUser(user: SessionUser): Promise<void> {
    const now = this.#clock.now();
    // Where none is held, the version stays a while, so that a restore under way with an older one does not win.
    this.#keep(user.id, withUser(this.#swept(user.id, now), user, now, now + SHORTEST_TTL_MS), now);
  }

  async beginChange(userId: string): Promise<void> {
    const now = this.#clock.now();
    const held = this.#swept(userId, now);
    const changes = 1 + (now < held.changingUntil ? held.changes : 0);
    const changingUntil = now + CHANGE_MS;
    const userKeptUntil = Math.max(held.userKeptUntil, changingUntil);
    this.#keep(userId, { ...held, user: undefined, changes, changingUntil, userKeptUntil }, now);
  }

  async endChange(userId: string, user: SessionUser | undefined): Promise<void> {
    const now = this.#clock.now();
    const held = this.#swept(userId, now);
    const changes = Math.max(0, held.changes - 1);
    const ended = { ...held, changes, changingUntil: changes === 0 ? 0 : held.changingUntil };
    this.#keep(userId, user === undefined ? ended : withUser(ended, user, now, now + SHORTEST_TTL_MS), now);
  }

  async markFresh(
    userId: string,
    sessionId: string,
    freshUntil: number,
  ): Promise<'marked' | 'ended' | 'missing'> {
    const now = this.#clock.now();
    const held = this.#held(userId, now);
    const opened = openSession(held, sessionId, now);
    if (opened.outcome !== 'live') return opened.outcome;
    replace(held, { ...opened.state, freshUntil });
    return 'marked';
  }

  async countLive(): Promise<{ readonly users: number; readonly sessions: number }> {
    return this.#live.count(this.#clock.now());
  }

  /** Perhaps with sessions whose time has come: each request asks, and must not walk over a month of tombstones. */
  #held(userId: string, now: number): HeldUser {
    const held = this.#users.get(userId, now) ?? {
      user: undefined,
      leastVersion: 0,
      changes: 0,
      changingUntil: 0,
      userKeptUntil: 0,
      sessions: new Map(),
      counted: { until: 0 },
    };
    return held.userKeptUntil > now ? held : { ...held, user: undefined };
  }

  /** Without them: where sessions come and go, which walks over them anyway. */
  #swept(userId: string, now: number): HeldUser {
    const held = this.#held(userId, now);
    for (const [sessionId, { keptUntil }] of held.sessions) {
      if (keptUntil <= now) held.sessions.delete(sessionId);
    }
    return held;
  }

  #keep(userId: string, held: HeldUser, now: number): void {
    let keptUntil = held.userKeptUntil;
    for (const session of held.sessions.values()) keptUntil = Math.max(keptUntil, session.keptUntil);
    this.#users.set(userId, held, keptUntil, now);
  }

  #bury(userId: string, held: HeldUser, sessionIds: readonly string[], now: number): void {
    const ended: SessionState[] = [];
    for (const sessionId of sessionIds) {
      const existing = held.sessions.get(sessionId);
      if (existing !== undefined && existing.state === undefined) continue;
      if (existing?.state !== undefined) ended.push(existing.state);
      const until = existing?.state?.endsAt ?? now + this.#tombstoneMs;
      const keptUntil = Math.max(until, now + SHORTEST_TTL_MS);
      held.sessions.set(sessionId, { state: undefined, keptUntil });
    }
    // Without a live session what is shown of the user need not stay.
    const live = [...held.sessions.values()].some(({ state }) => isLive(state, now));
    const userKeptUntil = live ? held.userKeptUntil : Math.min(held.userKeptUntil, now + SHORTEST_TTL_MS);
    this.#keep(userId, { ...held, userKeptUntil }, now);
    this.#live.ended(held, ended, now);
  }
}
