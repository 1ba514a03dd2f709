import type { Clock } from '../../clock';
import { KNOWN_ADDRESS_LIFETIME_MS, PENDING_LIFETIME_MS } from '../account/account-store';
import { NOTICE_MAIL_TTL } from '../outbox/outbox-store';
import { ADVISORY_LOCKS } from '../postgres/advisory-locks';
import type { Database } from '../postgres/database';
import type { HousekeepingStore, Removed } from './housekeeping-store';

/** A session that has ended leaves a record for a day, so that a late token still finds why it is refused. */
const ENDED_SESSION_KEPT_MS = 24 * 60 * 60_000;
/**
 * Rows removed of each table in one transaction, which so stays short (a user takes its part of the search with it), and
 * the most transactions in one round.
 */
const BATCH = 500;
const MOST_BATCHES = 2_000;

/** Housekeeping in PostgreSQL, under a lock that one process at a time gets. */
export class PrismaHousekeepingStore implements HousekeepingStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async removeExpired(): Promise<Removed | undefined> {
    let total: Removed | undefined;
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      const removed = await this.#removeBatch();
      if (removed === undefined) break;
      total = {
        pendingAccounts: removed.pendingAccounts + (total?.pendingAccounts ?? 0),
        sessions: removed.sessions + (total?.sessions ?? 0),
        knownAddresses: removed.knownAddresses + (total?.knownAddresses ?? 0),
        emailChanges: removed.emailChanges + (total?.emailChanges ?? 0),
      };
      if (Math.max(...Object.values(removed)) < BATCH) break;
    }
    return total;
  }

  async #removeBatch(): Promise<Removed | undefined> {
    const now = this.#clock.now();
    const before = (ms: number) => new Date(now - ms);
    return this.#database.transaction(async (tx) => {
      const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(${ADVISORY_LOCKS.housekeeping}) AS taken`;
      if (lock?.taken !== true) return undefined;
      const pendingAccounts = await tx.$executeRaw`
        DELETE FROM users WHERE id IN (
          SELECT id FROM users
          WHERE email_verified_at IS NULL AND registered_at <= ${before(PENDING_LIFETIME_MS)}
          LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`;
      const sessions = await tx.$executeRaw`
        DELETE FROM sessions WHERE id IN (
          SELECT id FROM sessions
          WHERE expires_at <= ${before(ENDED_SESSION_KEPT_MS)} OR revoked_at <= ${before(ENDED_SESSION_KEPT_MS)}
          LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`;
      const knownAddresses = await tx.$executeRaw`
        DELETE FROM known_addresses WHERE (user_id, address) IN (
          SELECT user_id, address FROM known_addresses
          WHERE last_seen_at <= ${before(KNOWN_ADDRESS_LIFETIME_MS)}
          LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`;
      // A day longer than they can be undone: a notice that one was undone may still be under way.
      const emailChanges = await tx.$executeRaw`
        DELETE FROM email_changes WHERE id IN (
          SELECT id FROM email_changes
          WHERE undo_until <= ${before(NOTICE_MAIL_TTL)}
          LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`;
      return { pendingAccounts, sessions, knownAddresses, emailChanges };
    });
  }
}
