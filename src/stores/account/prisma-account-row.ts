import type { User } from '@prisma/client';
import type { Account } from './account-store';

/** A row as the rest of the service sees it. */
export function accountOf(row: User): Account;
export function accountOf(row: User | null | undefined): Account | undefined;
export function accountOf(row: User | null | undefined): Account | undefined {
  if (row === null || row === undefined) return undefined;
  return {
    id: row.id,
    email: row.email,
    username: row.username,
    passwordHash: row.passwordHash,
    role: row.role,
    emailVerified: row.emailVerifiedAt !== null,
    disabled: row.disabledAt !== null,
    credentialVersion: row.credentialVersion,
    version: row.version,
    createdAt: row.createdAt.getTime(),
  };
}
