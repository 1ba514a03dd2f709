import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { Clock } from '../clock';
import type { Account } from '../stores/account/account-store';
import type { Origin } from '../stores/audit/audit-store';
import { unlessUnavailable } from '../stores/dependency-unavailable';
import type { FoundSession, SessionState, SessionStore, SessionUser } from '../stores/session/session-store';
import type {
  Device,
  LoginMethod,
  SessionRecord,
  SessionRecordStore,
} from '../stores/session-record/session-record-store';
import type { SessionEvents } from './session-events';
import { type Grant, type SessionGrants, sessionState, sessionUser } from './session-grants';

export interface LiveSession {
  readonly user: SessionUser;
  readonly session: SessionState;
}

/** How long after a password was given a session counts as fresh. */
export const FRESH_MS = 15 * 60_000;

export interface SessionsOptions {
  readonly store: SessionStore;
  readonly records: SessionRecordStore;
  readonly grants: SessionGrants;
  readonly clock: Clock;
  /** Seconds a session lives at most. */
  readonly maxAgeSeconds: number;
  readonly events: SessionEvents;
}

/**
 * Sessions: begun by a login, ended by logout, reuse, disuse or age. The store
 * holds the working state, the record what outlives the store. Every method throws `DependencyUnavailable`.
 */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Begins a session; undefined if password, e-mail or standing of the account changed since it was read. */
  async begin(account: Account, device: Device, method: LoginMethod, by: Origin): Promise<Grant | undefined> {
    const { store, records, grants, clock, maxAgeSeconds, events } = this.#options;
    const endsAt = clock.now() + maxAgeSeconds * 1000;
    const lifetime = grants.renewed(endsAt);
    const { now, expiresAt } = lifetime;
    const session = {
      id: uuidv7(),
      userId: account.id,
      secret: randomBytes(16),
      ...device,
      createdAt: now,
      freshUntil: now + FRESH_MS,
      expiresAt,
      endsAt,
    };
    const begun = await records.begin(session, account.credentialVersion, method, by);
    if (begun.outcome === 'stale') return undefined;
    if (begun.first) events.onFirstLogin();
    const record = { ...session, generation: 1, confirmedAt: now, lastUsedAt: now, revoked: false };
    try {
      await store.restore(sessionUser(account), sessionState(record));
      if (begun.endedSessions.length > 0) await store.end(account.id, begun.endedSessions);
    } catch (error) {
      // Nobody gets the tokens of this session: it must not take a place among the user's.
      await records.end(account.id, session.id, by).catch(unlessUnavailable);
      throw error;
    }
    return grants.issue(account, record, 1, lifetime);
  }

  /**
   * The session of an access token, if it is live. Answered by the store alone unless that has lost it; `asked` is its
   * answer, where it has been asked already.
   */
  async find(userId: string, sessionId: string, asked?: FoundSession): Promise<LiveSession | undefined> {
    const { store } = this.#options;
    const found = asked ?? (await store.find(userId, sessionId));
    if (found.outcome !== 'missing') return found.outcome === 'live' ? found : undefined;
    const restored = await this.#restore(userId, sessionId);
    if (restored === undefined) return undefined;
    // Asked again, not assumed: a revocation may have come between.
    const refilled = await store.find(userId, sessionId);
    // While a change of the user is under way the store shows nobody, and the record is asked each time.
    if (refilled.outcome === 'missing') return restored;
    return refilled.outcome === 'live' ? refilled : undefined;
  }

  /** Ends one session at once, on every instance; false if the user has no such live session. */
  async end(userId: string, sessionId: string, by: Origin): Promise<boolean> {
    const { store, records } = this.#options;
    // The record first: if it fails nothing has happened and the call can be made again, with the same access token. A
    // refill that read the record before meets the tombstone.
    const ended = await records.end(userId, sessionId, by);
    const held = ended || (await store.find(userId, sessionId)).outcome === 'live';
    if (held) await store.end(userId, [sessionId]);
    return held;
  }

  /** Ends every session of a user at once. */
  async endAll(userId: string, by: Origin): Promise<void> {
    const { store, records } = this.#options;
    const ended = await records.endAll(userId, by);
    await store.endAll(userId);
    await store.end(userId, ended);
  }

  /**
   * Makes a change that ends all of a user's sessions, or all but one, in the record (it names them), and ends them in
   * the store around it: before, so that a store that is away prevents the change rather than survives it.
   */
  async endingAll<T extends { readonly endedSessions: readonly string[] }>(
    userId: string,
    change: () => Promise<T>,
    exceptSessionId?: string,
  ): Promise<T> {
    const { store } = this.#options;
    await store.endAll(userId, exceptSessionId);
    const changed = await change();
    await store.end(userId, changed.endedSessions);
    return changed;
  }

  /**
   * Makes a change of a user's standing, and shows it on every instance: sessions go on with the account as it is now, or
   * all end. From before it until it is told the store shows nobody, so that each request asks the record: a store that is
   * away prevents the change, and one that goes away after it, or a process that does, shows nobody for a minute.
   */
  async changingStanding<
    T extends {
      readonly outcome: string;
      readonly account?: Account;
      readonly endedSessions?: readonly string[] | undefined;
      /** Sessions that are fresh no more. */
      readonly staleSessions?: readonly string[];
    },
  >(userId: string, change: () => Promise<T>): Promise<T> {
    const { store, clock } = this.#options;
    await store.beginChange(userId);
    // What throws may still come to be: then its end is not told.
    const changed = await change();
    if (changed.endedSessions !== undefined) {
      await store.endAll(userId);
      await store.end(userId, changed.endedSessions);
    }
    for (const sessionId of changed.staleSessions ?? []) {
      await store.markFresh(userId, sessionId, clock.now());
    }
    await store.endChange(userId, changed.account && sessionUser(changed.account));
    return changed;
  }

  async list(userId: string): Promise<readonly SessionRecord[]> {
    return this.#options.records.list(userId);
  }

  /** The user has just given the password again: the session is fresh for 15 minutes. False if it has ended. */
  async markFresh(userId: string, sessionId: string, by: Origin): Promise<boolean> {
    const { store, records, clock } = this.#options;
    const freshUntil = clock.now() + FRESH_MS;
    if (!(await records.markFresh(userId, sessionId, freshUntil, by))) return false;
    return (await store.markFresh(userId, sessionId, freshUntil)) !== 'ended';
  }

  /** Brings what sessions show of the user up to date. */
  async showUser(account: Account): Promise<void> {
    await this.#options.store.putUser(sessionUser(account));
  }

  /** Rebuilds the working state from the record; leaves a tombstone and answers false where there is nothing to rebuild. */
  async refill(userId: string, sessionId: string): Promise<boolean> {
    return (await this.#restore(userId, sessionId)) !== undefined;
  }

  async #restore(userId: string, sessionId: string): Promise<LiveSession | undefined> {
    const { store, records, clock, events } = this.#options;
    const found = await records.find(sessionId);
    const live =
      found !== undefined &&
      found.record.userId === userId &&
      !found.record.revoked &&
      !found.account.disabled &&
      found.record.expiresAt > clock.now();
    if (!live) {
      await store.end(userId, [sessionId]);
      events.onRefill('absent');
      return undefined;
    }
    const restored = { user: sessionUser(found.account), session: sessionState(found.record) };
    await store.restore(restored.user, restored.session);
    events.onRefill('restored');
    return restored;
  }
}
