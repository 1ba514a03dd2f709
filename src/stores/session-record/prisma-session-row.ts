import type { Prisma, Session } from '@prisma/client';
import type { SessionRecord } from './session-record-store';

/** Ends the live sessions that `where` names; returns their ids. */
export async function endSessions(
  tx: Pick<Prisma.TransactionClient, 'session'>,
  now: number,
  where: Prisma.SessionWhereInput,
): Promise<readonly string[]> {
  const ended = await tx.session.updateManyAndReturn({
    where: { ...where, revokedAt: null },
    data: { revokedAt: new Date(now) },
    select: { id: true },
  });
  return ended.map(({ id }) => id);
}

/** Lets no live session of the user count as fresh any more; returns their ids. */
export async function endFreshness(
  tx: Pick<Prisma.TransactionClient, 'session'>,
  now: number,
  userId: string,
): Promise<readonly string[]> {
  const stale = await tx.session.updateManyAndReturn({
    where: { userId, revokedAt: null, expiresAt: { gt: new Date(now) } },
    data: { freshUntil: new Date(now) },
    select: { id: true },
  });
  return stale.map(({ id }) => id);
}

/** A row as the rest of the service sees it. */
export function recordOf(row: Session): SessionRecord {
  return {
    id: row.id,
    userId: row.userId,
    secret: row.secret,
    generation: row.generation,
    confirmedAt: row.confirmedAt?.getTime() ?? null,
    address: row.address,
    userAgent: row.userAgent,
    createdAt: row.createdAt.getTime(),
    lastUsedAt: row.lastUsedAt.getTime(),
    freshUntil: row.freshUntil.getTime(),
    expiresAt: row.expiresAt.getTime(),
    endsAt: row.endsAt.getTime(),
    revoked: row.revokedAt !== null,
  };
}
