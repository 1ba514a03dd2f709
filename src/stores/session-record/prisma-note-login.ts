import { Prisma } from '@prisma/client';
import type { LoginMethod } from './session-record-store';

export interface NotedLogin {
  readonly userId: string;
  readonly credentialVersion: number;
  readonly method: LoginMethod;
  readonly at: Date;
}

/**
 * Notes a login with the user, and locks the user: a change of password that commits first makes this miss, one that
 * comes later ends the session. `stale`: the credentials are not the user's any more, or the user may not log in.
 */
export async function noteLogin(
  tx: Prisma.TransactionClient,
  { userId, credentialVersion, method, at }: NotedLogin,
): Promise<'first' | 'later' | 'stale'> {
  // Locked as it is read: of many first logins at once each but one sees that before it.
  const [noted] = await tx.$queryRaw<{ first: boolean }[]>`
    UPDATE users SET last_login_at = ${at}::timestamptz
    FROM (SELECT id, last_login_at FROM users WHERE id = ${userId}::uuid FOR UPDATE) AS before
    WHERE users.id = before.id
      AND users.credential_version = ${credentialVersion}
      AND users.email_verified_at IS NOT NULL
      AND (users.disabled_at IS NULL OR users.disabled_until <= ${at}::timestamptz)
      ${method === 'otp' ? NO_ADMIN : Prisma.empty}
    RETURNING before.last_login_at IS NULL AS first`;
  if (noted === undefined) return 'stale';
  return noted.first ? 'first' : 'later';
}

/** An admin's session is worth more than the admin's mailbox, also of one who was made one just now. */
const NO_ADMIN = Prisma.sql`AND users.role <> 'ADMIN'`;
