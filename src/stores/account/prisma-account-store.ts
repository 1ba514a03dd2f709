import { Prisma } from '@prisma/client';
import { uuidv7 } from 'uuidv7';
import type { Clock } from '../../clock';
import type { Origin } from '../audit/audit-store';
import type { PrismaAuditTrail } from '../audit/prisma-audit-trail';
import { enqueueMail } from '../outbox/prisma-outbox-store';
import { ADVISORY_LOCKS } from '../postgres/advisory-locks';
import type { Database } from '../postgres/database';
import type { Role } from '../session/session-store';
import {
  type Account,
  type AccountStore,
  type CodeMail,
  KNOWN_ADDRESS_LIFETIME_MS,
  PENDING_LIFETIME_MS,
} from './account-store';
import { ACCOUNT_COLUMNS, type AccountRow, accountOf } from './prisma-account-row';
import { addressIsFree } from './prisma-free-address';
import { insertVerified } from './prisma-verified-account';

/** Users in PostgreSQL. */
export class PrismaAccountStore implements AccountStore {
  readonly #database: Database;
  readonly #audit: PrismaAuditTrail;
  readonly #clock: Clock;

  constructor(database: Database, audit: PrismaAuditTrail, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  async find(userId: string): Promise<Account | undefined> {
    const row = await this.#database.run((client) => client.user.findUnique({ where: { id: userId } }));
    return accountOf(row, this.#clock.now());
  }

  async findByEmail(email: string): Promise<Account | undefined> {
    const now = this.#clock.now();
    const alive = new Date(now - PENDING_LIFETIME_MS);
    const row = await this.#database.run((client) =>
      client.user.findUnique({
        where: { email, OR: [{ emailVerifiedAt: { not: null } }, { registeredAt: { gt: alive } }] },
      }),
    );
    return accountOf(row, now);
  }

  async register(
    registration: { email: string; username: string; passwordHash: string },
    by: Origin,
  ): Promise<'pending' | 'known'> {
    const { email, username, passwordHash } = registration;
    const id = uuidv7();
    const now = new Date(this.#clock.now());
    return this.#audit.change(by, async (tx, tell) => {
      // One statement, so that of many registrations at once each replaces the one before it and none is half applied.
      const [pending] = await tx.$queryRaw<{ id: string; credentialVersion: number }[]>`
        INSERT INTO users (id, email, username, password_hash, registered_at, created_at)
        SELECT ${id}::uuid, ${email}, ${username}, ${passwordHash}, ${now}::timestamptz, ${now}::timestamptz
        WHERE ${addressIsFree(email, now)}
        ON CONFLICT (email) DO UPDATE SET
          username = excluded.username,
          password_hash = excluded.password_hash,
          registered_at = excluded.registered_at,
          credential_version = users.credential_version + 1,
          version = users.version + 1
        WHERE users.email_verified_at IS NULL
        RETURNING id, credential_version AS "credentialVersion"`;
      const user = pending ?? (await tx.user.findUnique({ where: { email }, select: { id: true } }));
      tell({
        type: pending !== undefined && pending.id !== id ? 'user_updated' : 'user_created',
        outcome: pending === undefined ? 'failure' : 'success',
        subjectId: user?.id ?? null,
        details: { what: 'registration' },
      });
      await enqueueMail(tx, {
        ...(pending === undefined
          ? { kind: 'ALREADY_REGISTERED' }
          : { kind: 'VERIFY_EMAIL', credentialVersion: pending.credentialVersion }),
        email,
        now: now.getTime(),
      });
      return pending === undefined ? 'known' : 'pending';
    });
  }

  async requestCode(email: string, kind: CodeMail): Promise<void> {
    await this.#database.run((client) => enqueueMail(client, { kind, email, now: this.#clock.now() }));
  }

  async verifyEmail(userId: string, credentialVersion: number, by: Origin) {
    const now = this.#clock.now();
    return this.#audit.change({ ...by, actorId: userId }, async (tx, tell) => {
      const { count } = await tx.user.updateMany({
        where: {
          id: userId,
          credentialVersion,
          emailVerifiedAt: null,
          registeredAt: { gt: new Date(now - PENDING_LIFETIME_MS) },
        },
        data: { emailVerifiedAt: new Date(now), version: { increment: 1 } },
      });
      if (count === 0) return 'superseded';
      tell({ type: 'user_updated', subjectId: userId, details: { what: 'email verified' } });
      return 'verified';
    });
  }

  async changeUsername(userId: string, username: string, by: Origin): Promise<Account | undefined> {
    const changed = await this.#audit.changeRow<AccountRow>(
      by,
      { type: 'user_updated', subjectId: userId, details: { what: 'username' } },
      Prisma.sql`
        UPDATE users SET username = ${username}, version = version + 1 WHERE id = ${userId}::uuid
        RETURNING ${ACCOUNT_COLUMNS}`,
    );
    return accountOf(changed, this.#clock.now());
  }

  async knowsAddress(email: string, address: string): Promise<boolean> {
    const oldest = new Date(this.#clock.now() - KNOWN_ADDRESS_LIFETIME_MS);
    const known = await this.#database.run((client) =>
      client.knownAddress.findFirst({ where: { address, user: { email }, lastSeenAt: { gt: oldest } } }),
    );
    return known !== null;
  }

  async createFirstAdmin(admin: { email: string; username: string; passwordHash: string }, by: Origin) {
    const now = new Date(this.#clock.now());
    return this.#audit.change(by, async (tx, tell) => {
      // Two processes that start together must not both make a first admin.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.firstAdmin})`;
      if (await anyAdmin(tx)) return 'exists';
      const id = await insertVerified(tx, { ...admin, role: 'ADMIN' }, now);
      if (id === undefined) return 'email_taken';
      tell({ type: 'user_created', subjectId: id, details: { what: 'first admin', role: 'ADMIN' } });
      return 'created';
    });
  }

  async createVerified(account: { email: string; username: string; role: Role }, by: Origin) {
    const now = new Date(this.#clock.now());
    return this.#audit.change(by, async (tx, tell) => {
      const id = await insertVerified(tx, { ...account, passwordHash: null }, now);
      if (id === undefined) return undefined;
      tell({ type: 'user_created', subjectId: id, details: { what: 'by the operator', role: account.role } });
      return accountOf(await tx.user.findUniqueOrThrow({ where: { id } }), now.getTime());
    });
  }

  async hasAdmin(): Promise<boolean> {
    return this.#database.run(anyAdmin);
  }
}

async function anyAdmin(client: Pick<Prisma.TransactionClient, '$queryRaw'>): Promise<boolean> {
  // The role as a literal: of a parameter the planner does not know that the index of admins has its rows.
  const [any] = await client.$queryRaw<{ exists: boolean }[]>`
    SELECT EXISTS (SELECT FROM users WHERE role = 'ADMIN') AS exists`;
  return any?.exists === true;
}
