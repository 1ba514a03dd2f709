import type { Prisma } from '@prisma/client';
import { uuidv7 } from 'uuidv7';

import type { Clock } from '../../clock';
import type { Database } from '../postgres/database';
import {
  CODE_MAILS,
  MAIL_TTL,
  type MailKind,
  MOST_COUNTED,
  type OutboxBacklog,
  type OutboxMail,
  type OutboxStore,
} from './outbox-store';

export interface MailToEnqueue {
  readonly kind: MailKind;
  /** Canonical; written for unknown addresses too, so that known and unknown take the same time. */
  readonly email: string;
  /** The registration or credentials the mail is for; left out where any will do. */
  readonly credentialVersion?: number;
  /** The change of e-mail that caused it. */
  readonly emailChangeId?: string;
  /** When it was asked for, in milliseconds since the epoch. */
  readonly now: number;
}

/** Writes a mail into the outbox inside the caller's transaction; returns its id. */
export async function enqueueMail(
  tx: Pick<Prisma.TransactionClient, 'outboxMail'>,
  { kind, email, credentialVersion, emailChangeId, now }: MailToEnqueue,
): Promise<string> {
  const id = uuidv7();
  const at = new Date(now);
  await tx.outboxMail.create({
    data: {
      id,
      kind,
      email,
      credentialVersion: credentialVersion ?? null,
      emailChangeId: emailChangeId ?? null,
      createdAt: at,
      dueAt: at,
      expiresAt: new Date(now + MAIL_TTL[kind]),
    },
    select: { id: true },
  });
  return id;
}

interface ClaimedRow extends Omit<OutboxMail, 'createdAt' | 'expiresAt'> {
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/**
 * The outbox in PostgreSQL. Leases of several processes are measured by one clock, the database's (moved by the
 * clock's offset), so that a machine whose clock is ahead takes no mail that another has under way.
 */
export class PrismaOutboxStore implements OutboxStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async claim(limit: number, leaseMs: number): Promise<readonly OutboxMail[]> {
    const { offset } = this.clock;
    // MATERIALIZED: as a plain sub-select the planner may run the locking part more than once and lease beyond the
    // limit. SKIP LOCKED: what another process is claiming right now is its own.
    const rows = await this.database.run(
      (client) => client.$queryRaw<ClaimedRow[]>`
        WITH due AS MATERIALIZED (
          SELECT id FROM outbox_mails
          WHERE due_at <= now() + ${offset} * interval '1 millisecond'
            AND expires_at > now() + ${offset} * interval '1 millisecond'
          ORDER BY due_at, id
          LIMIT ${limit}
          FOR UPDATE SKIP LOCKED
        )
        UPDATE outbox_mails AS mail
        SET due_at = now() + ${offset + leaseMs} * interval '1 millisecond', attempts = attempts + 1
        FROM due
        WHERE mail.id = due.id
        RETURNING mail.id, mail.kind::text AS kind, mail.email, mail.credential_version AS "credentialVersion",
          mail.email_change_id AS "emailChangeId", mail.attempts, mail.created_at AS "createdAt", mail.expires_at AS "expiresAt"`,
    );
    return rows
      .map((row) => ({ ...row, createdAt: row.createdAt.getTime(), expiresAt: row.expiresAt.getTime() }))
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  async complete(id: string): Promise<void> {
    await this.database.run((client) => client.outboxMail.deleteMany({ where: { id } }));
  }

  async retry(id: string, dueAt: number): Promise<void> {
    // updateMany: the row may have expired and gone meanwhile.
    await this.database.run((client) =>
      client.outboxMail.updateMany({ where: { id }, data: { dueAt: new Date(dueAt) } }),
    );
  }

  async giveUpExpired(): Promise<ReadonlyMap<MailKind, number>> {
    const { offset } = this.clock;
    const rows = await this.database.run(
      (client) => client.$queryRaw<{ kind: MailKind; mails: number }[]>`
        WITH gone AS (
          DELETE FROM outbox_mails
          WHERE expires_at <= now() + ${offset} * interval '1 millisecond'
          RETURNING kind
        )
        SELECT kind::text AS kind, count(*)::int AS mails FROM gone GROUP BY kind`,
    );
    return new Map(rows.map(({ kind, mails }) => [kind, mails]));
  }

  async backlog(): Promise<OutboxBacklog> {
    const { offset } = this.clock;
    const codes = [...CODE_MAILS];
    // Along the primary key: ids are in the order of time, and a full outbox makes no scrape slow.
    const [row] = await this.database.run(
      (client) => client.$queryRaw<OutboxBacklog[]>`
        WITH held AS (
          SELECT
            kind::text = ANY (${codes}) AS is_code,
            greatest(0, extract(epoch FROM now() + ${offset} * interval '1 millisecond' - created_at) * 1000) AS age
          FROM outbox_mails ORDER BY id LIMIT ${MOST_COUNTED}
        )
        SELECT
          count(*)::int AS waiting,
          coalesce(max(age) FILTER (WHERE is_code), 0)::float8 AS "oldestCodeAgeMs",
          coalesce(max(age) FILTER (WHERE NOT is_code), 0)::float8 AS "oldestNoticeAgeMs"
        FROM held`,
    );
    return row ?? { waiting: 0, oldestCodeAgeMs: 0, oldestNoticeAgeMs: 0 };
  }
}
