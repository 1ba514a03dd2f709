import type { Prisma } from '@prisma/client';
import { lockUser } from '../account/prisma-account-row';
import type { Tell } from '../audit/prisma-audit-trail';
import { enqueueMail } from '../outbox/prisma-outbox-store';
import { endSessions } from '../session-record/prisma-session-row';
import { canBeUndone, type EmailChange, type UndoneChange } from './email-change-store';
import { changeOf } from './prisma-email-change-row';

/** Undoes a change of e-mail and all later ones of its user, inside the caller's transaction. */
export async function undoChange(
  tx: Prisma.TransactionClient,
  tell: Tell,
  { id, userId, fromEmail }: EmailChange,
  now: number,
): Promise<UndoneChange> {
  const user = await lockUser(tx, userId);
  // Read again: of many clicks at once the first has changed it.
  const change = changeOf(await tx.emailChange.findUnique({ where: { id } }));
  if (user === null || change === undefined || !canBeUndone(change, now)) return { outcome: 'void' };
  await tx.user.update({
    where: { id: userId },
    data: {
      email: fromEmail,
      passwordHash: null,
      credentialVersion: { increment: 1 },
      version: { increment: 1 },
    },
  });
  // The later ones too: whoever made them has links that would undo this.
  await tx.emailChange.updateMany({
    where: { userId, requestedAt: { gte: new Date(change.requestedAt) }, undoneAt: null },
    data: { undoneAt: new Date(now) },
  });
  const endedSessions = await endSessions(tx, now, { userId });
  const mail = { email: fromEmail, emailChangeId: id, now };
  await enqueueMail(tx, { ...mail, kind: 'RESET_CODE' });
  await enqueueMail(tx, { ...mail, kind: 'EMAIL_CHANGE_UNDONE' });
  if (user.email !== fromEmail) await tellGivenUp(tx, userId, user.email, now);
  tell({
    type: 'user_updated',
    subjectId: userId,
    details: { what: 'email change undone', changeId: id, endedSessions: endedSessions.length },
  });
  return { outcome: 'undone', endedSessions };
}

/** Mails the address that the user has no more, which some change brought and a code has proved. */
async function tellGivenUp(
  tx: Prisma.TransactionClient,
  userId: string,
  email: string,
  now: number,
): Promise<void> {
  const brought = await tx.emailChange.findFirst({
    where: { userId, toEmail: email, confirmedAt: { not: null } },
    orderBy: { requestedAt: 'desc' },
    select: { id: true },
  });
  if (brought === null) return;
  await enqueueMail(tx, { kind: 'EMAIL_CHANGE_UNDONE', email, emailChangeId: brought.id, now });
}
