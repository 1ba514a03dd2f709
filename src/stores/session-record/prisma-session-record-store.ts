import type { Prisma, Session } from '@prisma/client';
import type { Clock } from '../../clock';
import { accountOf } from '../account/prisma-account-row';
import { noteAddress } from '../account/prisma-known-addresses';
import { enqueueMail } from '../outbox/prisma-outbox-store';
import type { Database } from '../postgres/database';
import {
  type Device,
  MAX_SESSIONS_PER_USER,
  type SessionRecord,
  type SessionRecordStore,
} from './session-record-store';

/** Records of sessions in PostgreSQL. */
export class PrismaSessionRecordStore implements SessionRecordStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async begin(session: Parameters<SessionRecordStore['begin']>[0], credentialVersion: number) {
    const { userId } = session;
    const now = new Date(session.createdAt);
    return this.#database.transaction(async (tx) => {
      // Locks the user: a change of password that commits first makes this miss, one that comes later ends the session.
      const { count } = await tx.user.updateMany({
        where: { id: userId, credentialVersion, disabledAt: null, emailVerifiedAt: { not: null } },
        data: { lastLoginAt: now },
      });
      if (count === 0) return { outcome: 'stale' } as const;
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
      return { outcome: 'begun', endedSessions } as const;
    });
  }

  async find(sessionId: string) {
    const row = await this.#database.run((client) =>
      client.session.findUnique({ where: { id: sessionId }, include: { user: true } }),
    );
    return row === null ? undefined : { record: recordOf(row), account: accountOf(row.user) };
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

  async markFresh(sessionId: string, freshUntil: number): Promise<boolean> {
    const { count } = await this.#database.run((client) =>
      client.session.updateMany({
        where: { id: sessionId, revokedAt: null },
        data: { freshUntil: new Date(freshUntil) },
      }),
    );
    return count === 1;
  }

  async end(userId: string, sessionId: string): Promise<boolean> {
    const now = this.#clock.now();
    const ended = await this.#database.run((client) =>
      endSessions(client, now, { id: sessionId, userId, expiresAt: { gt: new Date(now) } }),
    );
    return ended.length === 1;
  }

  async endReused(userId: string, sessionId: string): Promise<void> {
    const now = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      const ended = await endSessions(tx, now, { id: sessionId, userId });
      // One notice for a session, however often its old tokens come back.
      if (ended.length === 0) return;
      const { email } = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { email: true } });
      await enqueueMail(tx, { kind: 'TOKEN_REUSED', email, now });
    });
  }

  async endAll(userId: string, exceptSessionId?: string): Promise<readonly string[]> {
    return this.#database.run((client) =>
      endSessions(client, this.#clock.now(), {
        userId,
        ...(exceptSessionId !== undefined && { id: { not: exceptSessionId } }),
      }),
    );
  }
}

/** Ends the live sessions that `where` names; returns their ids. */
export async function endSessions(
  tx: Pick<Prisma.TransactionClient, 'session'>,
  now: number,
  where: Prisma.SessionWhereInput,
): Promise<readonly string[]> {
  const ended = await tx.session.updateManyAndReturn({
    where: { ...where, revokedAt: null },
    data: { revokedAt: new Date(now) },
    select: { id: true },
  });
  return ended.map(({ id }) => id);
}

function recordOf(row: Session): SessionRecord {
  return {
    id: row.id,
    userId: row.userId,
    secret: row.secret,
    generation: row.generation,
    confirmedAt: row.confirmedAt?.getTime() ?? null,
    address: row.address,
    userAgent: row.userAgent,
    createdAt: row.createdAt.getTime(),
    lastUsedAt: row.lastUsedAt.getTime(),
    freshUntil: row.freshUntil.getTime(),
    expiresAt: row.expiresAt.getTime(),
    endsAt: row.endsAt.getTime(),
    revoked: row.revokedAt !== null,
  };
}
