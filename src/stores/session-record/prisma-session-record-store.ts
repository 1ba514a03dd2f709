import { Prisma, type User } from '@prisma/client';
import type { Clock } from '../../clock';
import { accountOf } from '../account/prisma-account-row';
import { noteAddress } from '../account/prisma-known-addresses';
import type { Origin } from '../audit/audit-store';
import type { PrismaAuditTrail } from '../audit/prisma-audit-trail';
import { enqueueMail } from '../outbox/prisma-outbox-store';
import type { Database } from '../postgres/database';
import { noteLogin } from './prisma-note-login';
import { endSessions, recordOf } from './prisma-session-row';
import {
  type Device,
  type LoginMethod,
  MAX_SESSIONS_PER_USER,
  type SessionRecord,
  type SessionRecordStore,
} from './session-record-store';

/** No user's: ours are of version 7. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Records of sessions in PostgreSQL. */
export class PrismaSessionRecordStore implements SessionRecordStore {
  readonly #database: Database;
  readonly #audit: PrismaAuditTrail;
  readonly #clock: Clock;

  constructor(database: Database, audit: PrismaAuditTrail, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  async begin(
    session: Parameters<SessionRecordStore['begin']>[0],
    credentialVersion: number,
    method: LoginMethod,
    by: Origin,
  ) {
    const { userId } = session;
    const now = new Date(session.createdAt);
    return this.#audit.change({ ...by, actorId: userId }, async (tx, tell) => {
      const noted = await noteLogin(tx, { userId, credentialVersion, method, at: now });
      if (noted === 'stale') return { outcome: 'stale' } as const;
      await tx.session.create({
        data: {
          id: session.id,
          userId,
          secret: Buffer.from(session.secret),
          address: session.address,
          userAgent: session.userAgent,
          createdAt: now,
          confirmedAt: now,
          lastUsedAt: now,
          freshUntil: new Date(session.freshUntil),
          expiresAt: new Date(session.expiresAt),
          endsAt: new Date(session.endsAt),
        },
      });
      await noteAddress(tx, userId, session.address, now);
      const beyond = await tx.session.findMany({
        where: { userId, revokedAt: null, expiresAt: { gt: now } },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        skip: MAX_SESSIONS_PER_USER,
        select: { id: true },
      });
      const ids = beyond.map(({ id }) => id);
      const endedSessions = ids.length === 0 ? [] : await endSessions(tx, now.getTime(), { id: { in: ids } });
      const details = { method, sessionId: session.id, endedSessions: endedSessions.length };
      tell({ type: 'authn_login_success', subjectId: userId, details });
      return { outcome: 'begun', endedSessions, first: noted === 'first' } as const;
    });
  }

  async find(sessionId: string) {
    const row = await this.#database.run((client) =>
      client.session.findUnique({ where: { id: sessionId }, include: { user: true } }),
    );
    // Two look-ups, between which a user can be removed: the types do not know that.
    const user: User | null = row?.user ?? null;
    if (row === null || user === null) return undefined;
    return { record: recordOf(row), account: accountOf(user, this.#clock.now()) };
  }

  async list(userId: string): Promise<readonly SessionRecord[]> {
    const rows = await this.#database.run((client) =>
      client.session.findMany({
        where: { userId, revokedAt: null, expiresAt: { gt: new Date(this.#clock.now()) } },
        orderBy: [{ lastUsedAt: 'desc' }, { id: 'desc' }],
        take: MAX_SESSIONS_PER_USER,
      }),
    );
    return rows.map(recordOf);
  }

  async advance(sessionId: string, generation: number, use: Device & { readonly expiresAt: number }) {
    const now = new Date(this.#clock.now());
    const { address, userAgent } = use;
    const live = { id: sessionId, revokedAt: null, expiresAt: { gt: now } };
    const { count } = await this.#database.run((client) =>
      client.session.updateMany({
        where: { ...live, generation: { lt: generation } },
        data: {
          generation,
          confirmedAt: null,
          address,
          userAgent,
          lastUsedAt: now,
          expiresAt: new Date(use.expiresAt),
        },
      }),
    );
    if (count === 1) return 'written';
    // Another answer to the same token has written it already, or the session is over.
    const written = await this.#database.run((client) => client.session.count({ where: live }));
    return written === 1 ? 'written' : 'ended';
  }

  async confirm(sessionId: string, generation: number): Promise<void> {
    await this.#database.run((client) =>
      client.session.updateMany({
        where: { id: sessionId, generation, confirmedAt: null },
        data: { confirmedAt: new Date(this.#clock.now()) },
      }),
    );
  }

  async markFresh(userId: string, sessionId: string, freshUntil: number, by: Origin): Promise<boolean> {
    const act = {
      type: 'authn_login_success',
      subjectId: userId,
      details: { method: 'reauthentication', sessionId },
    } as const;
    const marked = await this.#audit.changeRow(
      by,
      act,
      Prisma.sql`
        UPDATE sessions SET fresh_until = ${new Date(freshUntil)}
        WHERE id = ${sessionId}::uuid AND user_id = ${userId}::uuid AND revoked_at IS NULL
        RETURNING id`,
    );
    return marked !== undefined;
  }

  async end(userId: string, sessionId: string, by: Origin): Promise<boolean> {
    const now = new Date(this.#clock.now());
    const act = { type: 'authn_token_revoked', subjectId: userId, details: { sessionId } } as const;
    const ended = await this.#audit.changeRow(
      by,
      act,
      Prisma.sql`
        UPDATE sessions SET revoked_at = ${now}
        WHERE id = ${sessionId}::uuid AND user_id = ${userId}::uuid AND revoked_at IS NULL AND expires_at > ${now}
        RETURNING id`,
    );
    return ended !== undefined;
  }

  async endReused(userId: string, sessionId: string, by: Origin): Promise<void> {
    const now = this.#clock.now();
    await this.#audit.change(by, async (tx, tell) => {
      const ended = await endSessions(tx, now, { id: sessionId, userId });
      // One notice for a session, however often its old tokens come back.
      if (ended.length === 0) return;
      const { email } = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { email: true } });
      await enqueueMail(tx, { kind: 'TOKEN_REUSED', email, now });
      tell({ type: 'authn_token_reuse', outcome: 'failure', subjectId: userId, details: { sessionId } });
    });
  }

  async listUsers(userId: string | undefined, limit: number): Promise<readonly string[]> {
    const now = new Date(this.#clock.now());
    const rows = await this.#database.run(
      (client) => client.$queryRaw<{ userId: string }[]>`
        SELECT DISTINCT user_id AS "userId" FROM sessions
        WHERE revoked_at IS NULL AND expires_at > ${now} AND user_id > ${userId ?? FIRST_ID}::uuid
        ORDER BY 1 LIMIT ${limit}`,
    );
    return rows.map((row) => row.userId);
  }

  async endAll(userId: string, by: Origin): Promise<readonly string[]> {
    return this.#audit.change(by, async (tx, tell) => {
      const ended = await endSessions(tx, this.#clock.now(), { userId });
      tell({ type: 'authn_token_revoked', subjectId: userId, details: { sessions: ended.length } });
      return ended;
    });
  }
}
