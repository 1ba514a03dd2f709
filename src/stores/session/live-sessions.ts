import type { Clock } from '../../clock';
import { DependencyUnavailable } from '../dependency-unavailable';
import type { RedisConnection } from '../redis/redis';
import { loadScript } from '../redis/redis-script';

const noteScript = loadScript(__dirname, 'note-live');
const countScript = loadScript(__dirname, 'count-live');

// One tag, so one slot: not that of the sessions, which lie in that of their user.
const KEYS = ['{live}:sessions', '{live}:users', '{live}:stamp'];

/** Counts live sessions and their users from sorted sets by expiry; no scan, and a moment behind the sessions. */
export class LiveSessions {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  constructor(connection: RedisConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** A session now expires then (milliseconds since the epoch). Never throws `DependencyUnavailable`. */
  async extended(userId: string, sessionId: string, expiresAt: number): Promise<void> {
    await this.#note([userId, 'raise', expiresAt, sessionId, expiresAt]);
  }

  /** Sessions have ended; the user's last live one expires then (0: there is none). As above. */
  async ended(userId: string, sessionIds: readonly string[], lastExpiry: number): Promise<void> {
    await this.#note([userId, 'set', lastExpiry, ...sessionIds.flatMap((id) => [id, 0])]);
  }

  /** Throws `DependencyUnavailable`. */
  async count(): Promise<{ readonly users: number; readonly sessions: number }> {
    const reply = await this.#connection.run(countScript, KEYS, [this.#clock.offset]);
    const [users = 0, sessions = 0] = reply as number[];
    return { users, sessions };
  }

  async #note(args: readonly (string | number)[]): Promise<void> {
    try {
      await this.#connection.run(noteScript, KEYS, [this.#clock.offset, ...args]);
    } catch (error) {
      // The session itself is as it should be; a gauge is not worth failing the call for.
      if (!(error instanceof DependencyUnavailable)) throw error;
    }
  }
}
