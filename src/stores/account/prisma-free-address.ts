import { Prisma } from '@prisma/client';

/**
 * A condition of one statement: no verified user has the address, and it is kept for nobody who gave it up. It sees an
 * address with its user, or kept for the one who gave it up, whatever changes meanwhile.
 */
export function addressIsFree(email: string, now: Date): Prisma.Sql {
  return Prisma.sql`
    NOT EXISTS (SELECT FROM users WHERE email = ${email} AND email_verified_at IS NOT NULL)
    AND NOT EXISTS (
      SELECT FROM email_changes
      WHERE from_email = ${email} AND confirmed_at IS NOT NULL AND undone_at IS NULL
        AND undo_until > ${now}::timestamptz)`;
}
