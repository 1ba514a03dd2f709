import type { Prisma, User } from '@prisma/client';
import type { Account } from './account-store';

/** A row as the rest of the service sees it at `now` (milliseconds since the epoch). */
export function accountOf(row: User, now: number): Account;
export function accountOf(row: User | null | undefined, now: number): Account | undefined;
export function accountOf(row: User | null | undefined, now: number): Account | undefined {
  if (row === null || row === undefined) return undefined;
  return {
    id: row.id,
    email: row.email,
    username: row.username,
    passwordHash: row.passwordHash,
    role: row.role,
    emailVerified: row.emailVerifiedAt !== null,
    disabled: isDisabled(row, now),
    credentialVersion: row.credentialVersion,
    version: row.version,
    createdAt: row.createdAt.getTime(),
  };
}

function isDisabled({ disabledAt, disabledUntil }: User, now: number): boolean {
  return disabledAt !== null && (disabledUntil === null || disabledUntil.getTime() > now);
}

/** Rows of users who are not disabled at `now`. */
export function notDisabled(now: number): Prisma.UserWhereInput {
  return { OR: [{ disabledAt: null }, { disabledUntil: { lte: new Date(now) } }] };
}

/** The user's row, which nobody else changes until this transaction ends. */
export async function lockUser(tx: Prisma.TransactionClient, userId: string): Promise<User | null> {
  await tx.$executeRaw`SELECT 1 FROM users WHERE id = ${userId}::uuid FOR UPDATE`;
  return tx.user.findUnique({ where: { id: userId } });
}
