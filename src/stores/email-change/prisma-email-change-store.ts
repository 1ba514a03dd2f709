import { Prisma } from '@prisma/client';
import { uuidv7 } from 'uuidv7';
import type { Clock } from '../../clock';
import { accountOf, lockUser } from '../account/prisma-account-row';
import type { Origin } from '../audit/audit-store';
import type { PrismaAuditTrail } from '../audit/prisma-audit-trail';
import { enqueueMail } from '../outbox/prisma-outbox-store';
import type { Database } from '../postgres/database';
import { endSessions } from '../session-record/prisma-session-row';
import {
  type ConfirmedChange,
  type EmailChange,
  type EmailChangeStore,
  isPending,
  UNDO_LIFETIME_MS,
  type UndoneChange,
} from './email-change-store';
import { changeOf, isKeptForAnother, newestChange } from './prisma-email-change-row';
import { undoChange } from './prisma-undo-change';

/** How often a confirmation is begun anew because somebody took, or registered, the address during it. */
const MOST_ATTEMPTS = 5;

/** Changes of e-mail in PostgreSQL. Each locks its user, so those of one user come one after the other. */
export class PrismaEmailChangeStore implements EmailChangeStore {
  readonly #database: Database;
  readonly #audit: PrismaAuditTrail;
  readonly #clock: Clock;

  constructor(database: Database, audit: PrismaAuditTrail, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  async request(
    { userId, credentialVersion, toEmail }: Parameters<EmailChangeStore['request']>[0],
    by: Origin,
  ) {
    const now = this.#clock.now();
    return this.#audit.change(by, async (tx, tell) => {
      const account = accountOf(await lockUser(tx, userId), now);
      if (account?.credentialVersion !== credentialVersion || account.disabled) return 'stale';
      const newest = await newestChange(tx, userId);
      // Later than any before it, though the clocks of two instances may not agree: an undo takes back what is later.
      const requestedAt = Math.max(now, (newest?.requestedAt ?? 0) + 1);
      const id = uuidv7();
      await tx.emailChange.create({
        data: {
          id,
          userId,
          fromEmail: account.email,
          toEmail,
          requestedAt: new Date(requestedAt),
          undoUntil: new Date(requestedAt + UNDO_LIFETIME_MS),
        },
      });
      const mail = { emailChangeId: id, now };
      await enqueueMail(tx, { ...mail, kind: 'EMAIL_CHANGE_CODE', email: toEmail, credentialVersion });
      // For whoever has that address already, if anybody has: who gets what is decided when it goes out.
      await enqueueMail(tx, { ...mail, kind: 'ALREADY_REGISTERED', email: toEmail });
      await enqueueMail(tx, { ...mail, kind: 'EMAIL_CHANGE_NOTICE', email: account.email });
      const details = { what: 'email change requested', changeId: id };
      tell({ type: 'user_updated', subjectId: userId, details });
      return 'requested';
    });
  }

  async find(changeId: string): Promise<EmailChange | undefined> {
    const row = await this.#database.run((client) =>
      client.emailChange.findUnique({ where: { id: changeId } }),
    );
    return changeOf(row);
  }

  async findPending(userId: string): Promise<EmailChange | undefined> {
    const newest = await this.#database.run((client) => newestChange(client, userId));
    return newest !== undefined && isPending(newest) ? newest : undefined;
  }

  async isTaken(email: string, userId: string): Promise<boolean> {
    return this.#database.run(async (client) => {
      const others = { email, emailVerifiedAt: { not: null }, id: { not: userId } };
      if ((await client.user.count({ where: others })) > 0) return true;
      return isKeptForAnother(client, email, this.#clock.now(), userId);
    });
  }

  async confirm(
    change: EmailChange,
    credentialVersion: number,
    keptSessionId: string,
    by: Origin,
  ): Promise<ConfirmedChange> {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      try {
        return await this.#confirm(change, credentialVersion, keptSessionId, by);
      } catch (error) {
        // Somebody came in between; the next attempt sees whether that is a user or a registration.
        if (!isUniqueViolation(error)) throw error;
      }
    }
    return { outcome: 'taken' };
  }

  async #confirm(
    { id, userId, fromEmail, toEmail }: EmailChange,
    credentialVersion: number,
    keptSessionId: string,
    by: Origin,
  ): Promise<ConfirmedChange> {
    const now = this.#clock.now();
    return this.#audit.change(by, async (tx, tell): Promise<ConfirmedChange> => {
      const before = accountOf(await lockUser(tx, userId), now);
      const newest = await newestChange(tx, userId);
      const holds =
        before?.credentialVersion === credentialVersion && before.email === fromEmail && !before.disabled;
      if (!holds || newest?.id !== id || !isPending(newest)) return { outcome: 'stale' };
      const holder = await tx.user.findUnique({ where: { email: toEmail } });
      if (holder !== null && holder.emailVerifiedAt !== null) return { outcome: 'taken' };
      if (await isKeptForAnother(tx, toEmail, now, userId)) return { outcome: 'taken' };
      if (holder !== null) {
        await tx.user.deleteMany({ where: { id: holder.id, emailVerifiedAt: null } });
        tell({ type: 'user_deleted', subjectId: holder.id, details: { what: 'pending registration' } });
      }
      const row = await tx.user.update({
        where: { id: userId },
        data: {
          email: toEmail,
          emailVerifiedAt: new Date(now),
          credentialVersion: { increment: 1 },
          version: { increment: 1 },
        },
      });
      await tx.emailChange.update({ where: { id }, data: { confirmedAt: new Date(now) } });
      const endedSessions = await endSessions(tx, now, { userId, id: { not: keptSessionId } });
      tell({
        type: 'user_updated',
        subjectId: userId,
        details: { what: 'email changed', changeId: id, endedSessions: endedSessions.length },
      });
      return { outcome: 'confirmed', account: accountOf(row, now), endedSessions };
    });
  }

  async undo(change: EmailChange, by: Origin): Promise<UndoneChange> {
    const now = this.#clock.now();
    const undone = this.#audit.change({ ...by, actorId: change.userId }, (tx, tell) =>
      undoChange(tx, tell, change, now),
    );
    return undone.catch((error: unknown): UndoneChange => {
      // Only where clocks disagree on whether the 72 hours are over: the address is another's by now.
      if (isUniqueViolation(error)) return { outcome: 'void' };
      throw error;
    });
  }
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
