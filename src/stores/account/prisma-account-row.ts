import { Prisma, type User } from '@prisma/client';
import type { Account } from './account-store';

export type AccountRow = Omit<User, 'disabledReason' | 'registeredAt' | 'lastLoginAt' | 'auditKey'>;

/** What an account is made of, for statements that are written out. */
export const ACCOUNT_COLUMNS = Prisma.sql`
  id, email, username, password_hash AS "passwordHash", role::text, email_verified_at AS "emailVerifiedAt",
  disabled_at AS "disabledAt", disabled_until AS "disabledUntil", credential_version AS "credentialVersion", version,
  created_at AS "createdAt"`;

/** A row as the rest of the service sees it at `now` (milliseconds since the epoch). */
export function accountOf(row: AccountRow, now: number): Account;
export function accountOf(row: AccountRow | null | undefined, now: number): Account | undefined;
export function accountOf(row: AccountRow | null | undefined, now: number): Account | undefined {
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

function isDisabled({ disabledAt, disabledUntil }: AccountRow, now: number): boolean {
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
