import type { Clock } from '../../clock';
import type { RedisConnection } from '../redis/redis';
import { loadScript, type RedisScript } from '../redis/redis-script';
import { LiveSessions } from './live-sessions';
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

const script = (name: string): RedisScript => loadScript(__dirname, 'session', name);
const scripts = {
  find: script('find'),
  restore: script('restore'),
  rotate: script('rotate'),
  confirm: script('confirm'),
  markFresh: script('mark-fresh'),
  end: script('end'),
  endAll: script('end-all'),
  putUser: script('put-user'),
  beginChange: script('begin-change'),
  endChange: script('end-change'),
};

/** Sessions in Redis, by Redis' time; the keys are told in `session.lua`. */
export class RedisSessionStore implements SessionStore {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;
  readonly #tombstoneMs: number;
  readonly #live: LiveSessions;

  constructor(connection: RedisConnection, { clock, maxAgeSeconds }: SessionStoreOptions) {
    this.#connection = connection;
    this.#clock = clock;
    this.#tombstoneMs = maxAgeSeconds * 1_000;
    this.#live = new LiveSessions(connection, clock);
  }

  async find(userId: string, sessionId: string): Promise<FoundSession> {
    const reply = await this.#run(scripts.find, sessionKeys(userId, sessionId), []);
    return readFound(reply as readonly unknown[], userId, sessionId);
  }

  async restore(user: SessionUser, session: SessionState): Promise<void> {
    const { sessionId, userId, generation, confirmedAt, expiresAt, endsAt, freshUntil } = session;
    const keys = [sessionsKey(userId), sessionKey(userId, sessionId), userKey(userId)];
    const put = await this.#run(scripts.restore, keys, [
      sessionId,
      generation,
      confirmedAt ?? '',
      expiresAt,
      endsAt,
      freshUntil,
      user.version,
      JSON.stringify(user),
    ]);
    if (put === 1) await this.#live.extended(userId, sessionId, Math.min(expiresAt, endsAt));
  }

  async rotate(userId: string, sessionId: string, generation: number): Promise<Rotation> {
    const keys = [sessionsKey(userId), sessionKey(userId, sessionId), userKey(userId)];
    const args = [sessionId, generation, REPLAY_GRACE_MS, this.#tombstoneMs];
    const reply = await this.#run(scripts.rotate, keys, args);
    const [outcome, number, pending] = reply as [Rotation['outcome'], number, number];
    switch (outcome) {
      case 'rotated':
        return { outcome, generation: number };
      case 'replayed':
        return { outcome, generation: number, pending: pending === 1 };
      case 'reused':
        await this.#live.ended(userId, [sessionId], number);
        return { outcome };
      default:
        return { outcome };
    }
  }

  async confirm(
    userId: string,
    sessionId: string,
    generation: number,
    expiresAt: number,
  ): Promise<'confirmed' | 'ended' | 'missing'> {
    const reply = await this.#run(scripts.confirm, [sessionKey(userId, sessionId)], [generation, expiresAt]);
    const [outcome, expires] = reply as ['confirmed' | 'ended' | 'missing', number];
    if (outcome === 'confirmed') await this.#live.extended(userId, sessionId, expires);
    return outcome;
  }

  async end(userId: string, sessionIds: readonly string[]): Promise<void> {
    if (sessionIds.length === 0) return;
    const keys = [sessionsKey(userId), userKey(userId)];
    const lastExpiry = await this.#run(scripts.end, keys, [this.#tombstoneMs, ...sessionIds]);
    await this.#live.ended(userId, sessionIds, lastExpiry as number);
  }

  async endAll(userId: string, exceptSessionId?: string): Promise<void> {
    const keys = [sessionsKey(userId), userKey(userId)];
    const reply = await this.#run(scripts.endAll, keys, [this.#tombstoneMs, exceptSessionId ?? '']);
    const [lastExpiry, ended] = reply as [number, string[]];
    await this.#live.ended(userId, ended, lastExpiry);
  }

  async putUser(user: SessionUser): Promise<void> {
    await this.#run(scripts.putUser, [userKey(user.id)], [user.version, JSON.stringify(user)]);
  }

  async beginChange(userId: string): Promise<void> {
    await this.#run(scripts.beginChange, [userKey(userId)], [CHANGE_MS]);
  }

  async endChange(userId: string, user: SessionUser | undefined): Promise<void> {
    const shown = user === undefined ? ['', ''] : [user.version, JSON.stringify(user)];
    await this.#run(scripts.endChange, [userKey(userId)], shown);
  }

  async markFresh(
    userId: string,
    sessionId: string,
    freshUntil: number,
  ): Promise<'marked' | 'ended' | 'missing'> {
    const reply = await this.#run(scripts.markFresh, [sessionKey(userId, sessionId)], [freshUntil]);
    return reply as 'marked' | 'ended' | 'missing';
  }

  async countLive(): Promise<{ readonly users: number; readonly sessions: number }> {
    return this.#live.count();
  }

  #run(of: RedisScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#connection.run(of, keys, [this.#clock.offset, ...args]);
  }
}

/** What `find_session` in `session.lua` is asked for: the session, and its user. */
export function sessionKeys(userId: string, sessionId: string): readonly [string, string] {
  return [sessionKey(userId, sessionId), userKey(userId)];
}

/** Reads what `find_session` returned. */
export function readFound(reply: readonly unknown[], userId: string, sessionId: string): FoundSession {
  const [outcome, user, ...state] = reply as [string, string, ...unknown[]];
  if (outcome !== 'live') return { outcome: outcome as 'ended' | 'missing' };
  const [generation, confirmed, expiresAt, endsAt, freshUntil] = state as [
    number,
    string,
    number,
    number,
    number,
  ];
  const confirmedAt = confirmed === '' ? null : Number(confirmed);
  const session = { sessionId, userId, generation, confirmedAt, expiresAt, endsAt, freshUntil };
  return { outcome, user: JSON.parse(user) as SessionUser, session };
}

const sessionsKey = (userId: string): string => `session:{${userId}}`;
const sessionKey = (userId: string, sessionId: string): string => `session:{${userId}}:${sessionId}`;
const userKey = (userId: string): string => `user:{${userId}}`;
