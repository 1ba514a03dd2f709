import type { Clock } from '../../clock';
import type { Origin } from '../audit/audit-store';
import type { PrismaAuditTrail } from '../audit/prisma-audit-trail';
import { enqueueMail } from '../outbox/prisma-outbox-store';
import type { Database } from '../postgres/database';
import { endSessions } from '../session-record/prisma-session-row';
import type { CredentialStore, PasswordChange } from './credential-store';

/** Passwords in PostgreSQL. */
export class PrismaCredentialStore implements CredentialStore {
  readonly #database: Database;
  readonly #audit: PrismaAuditTrail;
  readonly #clock: Clock;

  constructor(database: Database, audit: PrismaAuditTrail, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  async resetPassword(userId: string, credentialVersion: number, passwordHash: string, by: Origin) {
    return this.#setPassword({ userId, credentialVersion, passwordHash, method: 'reset' }, by);
  }

  async changePassword(
    userId: string,
    credentialVersion: number,
    passwordHash: string,
    keptSessionId: string,
    by: Origin,
  ) {
    return this.#setPassword(
      { userId, credentialVersion, passwordHash, method: 'change', keptSessionId },
      by,
    );
  }

  async renewPasswordHash(userId: string, from: string, to: string): Promise<void> {
    await this.#database.run((client) =>
      client.user.updateMany({ where: { id: userId, passwordHash: from }, data: { passwordHash: to } }),
    );
  }

  async #setPassword(
    change: {
      readonly userId: string;
      readonly credentialVersion: number;
      readonly passwordHash: string;
      readonly method: 'reset' | 'change';
      readonly keptSessionId?: string;
    },
    by: Origin,
  ): Promise<PasswordChange> {
    const { userId, credentialVersion, passwordHash, method, keptSessionId } = change;
    const now = this.#clock.now();
    return this.#audit.change({ ...by, actorId: userId }, async (tx, tell) => {
      const { count } = await tx.user.updateMany({
        where: { id: userId, credentialVersion },
        data: { passwordHash, credentialVersion: { increment: 1 }, version: { increment: 1 } },
      });
      if (count === 0) return { outcome: 'stale' };
      const ended = keptSessionId === undefined ? { userId } : { userId, id: { not: keptSessionId } };
      const endedSessions = await endSessions(tx, now, ended);
      const { email } = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { email: true } });
      await enqueueMail(tx, { kind: 'PASSWORD_CHANGED', email, now });
      tell({ type: 'authn_password_change', subjectId: userId, details: { method } });
      return { outcome: 'changed', endedSessions };
    });
  }
}
