import type { Prisma } from '@prisma/client';
import { uuidv7 } from 'uuidv7';
import type { Role } from '../session/session-store';
import { addressIsFree } from './prisma-free-address';

/**
 * Makes a verified account in one statement, in the place of a pending one: whoever registered an address and never
 * proved it keeps nobody out. Returns its id; undefined if the address is a verified user's, or kept for one who gave it
 * up.
 */
export async function insertVerified(
  tx: Prisma.TransactionClient,
  account: {
    readonly email: string;
    readonly username: string;
    readonly passwordHash: string | null;
    readonly role: Role;
  },
  now: Date,
): Promise<string | undefined> {
  const { email, username, passwordHash, role } = account;
  const [made] = await tx.$queryRaw<{ id: string }[]>`
    INSERT INTO users (id, email, username, password_hash, role, email_verified_at, registered_at, created_at)
    SELECT ${uuidv7()}::uuid, ${email}, ${username}, ${passwordHash}, ${role}::"Role",
      ${now}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
    WHERE ${addressIsFree(email, now)}
    ON CONFLICT (email) DO UPDATE SET
      username = excluded.username,
      password_hash = excluded.password_hash,
      role = excluded.role,
      email_verified_at = excluded.email_verified_at,
      registered_at = excluded.registered_at,
      created_at = excluded.created_at,
      disabled_at = NULL,
      disabled_until = NULL,
      disabled_reason = NULL,
      credential_version = users.credential_version + 1,
      version = users.version + 1
    WHERE users.email_verified_at IS NULL
    RETURNING id`;
  return made?.id;
}
