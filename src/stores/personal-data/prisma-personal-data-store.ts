import type { Clock } from '../../clock';
import { accountOf } from '../account/prisma-account-row';
import type { Database } from '../postgres/database';
import type { PersonalData, PersonalDataStore } from './personal-data-store';

/** Rows of a kind at most; a user has fewer by far, for each is bounded where it is written. */
const MOST_ROWS = 10_000;

/** What PostgreSQL holds about a user. */
export class PrismaPersonalDataStore implements PersonalDataStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async read(userId: string): Promise<PersonalData | undefined> {
    const newest = { where: { userId }, take: MOST_ROWS };
    return this.#database.transaction(async (tx) => {
      const row = await tx.user.findUnique({ where: { id: userId } });
      if (row === null) return undefined;
      const sessions = await tx.session.findMany({ ...newest, orderBy: { createdAt: 'desc' } });
      const known = await tx.knownAddress.findMany({ ...newest, orderBy: { lastSeenAt: 'desc' } });
      const changes = await tx.emailChange.findMany({ ...newest, orderBy: { requestedAt: 'desc' } });
      const mails = await tx.outboxMail.findMany({
        where: { email: row.email },
        take: MOST_ROWS,
        orderBy: { createdAt: 'desc' },
      });
      return {
        account: {
          ...accountOf(row, this.#clock.now()),
          registeredAt: row.registeredAt.getTime(),
          emailVerifiedAt: time(row.emailVerifiedAt),
          lastLoginAt: time(row.lastLoginAt),
          disabledAt: time(row.disabledAt),
          disabledUntil: time(row.disabledUntil),
          disabledReason: row.disabledReason,
        },
        sessions: sessions.map(({ id, createdAt, lastUsedAt, expiresAt, revokedAt, address, userAgent }) => ({
          id,
          createdAt: createdAt.getTime(),
          lastUsedAt: lastUsedAt.getTime(),
          expiresAt: expiresAt.getTime(),
          revokedAt: time(revokedAt),
          address,
          userAgent,
        })),
        knownAddresses: known.map(({ address, lastSeenAt }) => ({
          address,
          lastSeenAt: lastSeenAt.getTime(),
        })),
        emailChanges: changes.map(({ fromEmail, toEmail, requestedAt, confirmedAt, undoneAt }) => ({
          fromEmail,
          toEmail,
          requestedAt: requestedAt.getTime(),
          confirmedAt: time(confirmedAt),
          undoneAt: time(undoneAt),
        })),
        waitingMails: mails.map(({ kind, createdAt }) => ({ kind, createdAt: createdAt.getTime() })),
      };
    });
  }
}

function time(at: Date | null): number | null {
  return at?.getTime() ?? null;
}
