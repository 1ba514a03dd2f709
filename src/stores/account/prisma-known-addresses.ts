import type { Prisma } from '@prisma/client';
import { MAX_KNOWN_ADDRESSES } from './account-store';

/** Keeps the newest addresses that the account has completed a login from. */
export async function noteAddress(
  tx: Prisma.TransactionClient,
  userId: string,
  address: string,
  lastSeenAt: Date,
): Promise<void> {
  const key = { userId, address };
  await tx.knownAddress.upsert({
    where: { userId_address: key },
    create: { ...key, lastSeenAt },
    update: { lastSeenAt },
  });
  const older = await tx.knownAddress.findMany({
    where: { userId },
    orderBy: { lastSeenAt: 'desc' },
    skip: MAX_KNOWN_ADDRESSES,
    select: { address: true },
  });
  if (older.length === 0) return;
  await tx.knownAddress.deleteMany({
    where: { userId, address: { in: older.map((known) => known.address) } },
  });
}
