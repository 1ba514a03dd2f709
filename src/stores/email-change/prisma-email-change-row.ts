import type { EmailChange as EmailChangeRow, Prisma } from '@prisma/client';
import type { EmailChange } from './email-change-store';

/** A row as the rest of the service sees it. */
export function changeOf(row: EmailChangeRow): EmailChange;
export function changeOf(row: EmailChangeRow | null): EmailChange | undefined;
export function changeOf(row: EmailChangeRow | null): EmailChange | undefined {
  if (row === null) return undefined;
  const { id, userId, fromEmail, toEmail, requestedAt, confirmedAt, undoneAt, undoUntil } = row;
  return {
    id,
    userId,
    fromEmail,
    toEmail,
    requestedAt: requestedAt.getTime(),
    confirmedAt: confirmedAt?.getTime() ?? null,
    undoneAt: undoneAt?.getTime() ?? null,
    undoUntil: undoUntil.getTime(),
  };
}

/** The newest change of a user, whatever became of it. */
export async function newestChange(
  client: Pick<Prisma.TransactionClient, 'emailChange'>,
  userId: string,
): Promise<EmailChange | undefined> {
  return changeOf(
    await client.emailChange.findFirst({ where: { userId }, orderBy: { requestedAt: 'desc' } }),
  );
}

/**
 * Whether somebody gave the address up so shortly ago that it is kept for them. To be asked once no user is seen to have
 * it: whoever gave it up before that had written this down in the same transaction.
 */
export async function isKeptForAnother(
  client: Pick<Prisma.TransactionClient, 'emailChange'>,
  email: string,
  now: number,
  userId?: string,
): Promise<boolean> {
  const kept = await client.emailChange.findFirst({
    where: {
      fromEmail: email,
      confirmedAt: { not: null },
      undoneAt: null,
      undoUntil: { gt: new Date(now) },
      ...(userId !== undefined && { userId: { not: userId } }),
    },
    select: { id: true },
  });
  return kept !== null;
}
