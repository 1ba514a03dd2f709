import { uuidv7 } from 'uuidv7';
import type { Clock } from '../../clock';
import { enqueueMail } from '../outbox/prisma-outbox-store';
import type { Database } from '../postgres/database';
import { endSessions } from '../session-record/prisma-session-record-store';
import {
  type Account,
  type AccountStore,
  type CodeMail,
  KNOWN_ADDRESS_LIFETIME_MS,
  PENDING_LIFETIME_MS,
} from './account-store';
import { accountOf } from './prisma-account-row';

/** Two processes that start together must not both make a first admin. */
const FIRST_ADMIN_LOCK = 7_421_001;

/** Users in PostgreSQL. */
export class PrismaAccountStore implements AccountStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async find(userId: string): Promise<Account | undefined> {
    return accountOf(await this.#database.run((client) => client.user.findUnique({ where: { id: userId } })));
  }

  async findByEmail(email: string): Promise<Account | undefined> {
    const alive = new Date(this.#clock.now() - PENDING_LIFETIME_MS);
    const row = await this.#database.run((client) =>
      client.user.findUnique({
        where: { email, OR: [{ emailVerifiedAt: { not: null } }, { registeredAt: { gt: alive } }] },
      }),
    );
    return accountOf(row);
  }

  async register(registration: { email: string; username: string; passwordHash: string }) {
    const { email, username, passwordHash } = registration;
    const now = new Date(this.#clock.now());
    await this.#database.transaction(async (tx) => {
      // One statement, so that of many registrations at once each replaces the one before it and none is half applied.
      const [pending] = await tx.$queryRaw<{ credentialVersion: number }[]>`
        INSERT INTO users (id, email, username, password_hash, registered_at, created_at)
        VALUES (${uuidv7()}::uuid, ${email}, ${username}, ${passwordHash}, ${now}, ${now})
        ON CONFLICT (email) DO UPDATE SET
          username = excluded.username,
          password_hash = excluded.password_hash,
          registered_at = excluded.registered_at,
          credential_version = users.credential_version + 1,
          version = users.version + 1
        WHERE users.email_verified_at IS NULL
        RETURNING credential_version AS "credentialVersion"`;
      await enqueueMail(tx, {
        ...(pending === undefined ? { kind: 'ALREADY_REGISTERED' } : { kind: 'VERIFY_EMAIL', ...pending }),
        email,
        now: now.getTime(),
      });
    });
  }

  async requestCode(email: string, kind: CodeMail): Promise<void> {
    await this.#database.run((client) => enqueueMail(client, { kind, email, now: this.#clock.now() }));
  }

  async verifyEmail(userId: string, credentialVersion: number) {
    const now = this.#clock.now();
    const { count } = await this.#database.run((client) =>
      client.user.updateMany({
        where: {
          id: userId,
          credentialVersion,
          emailVerifiedAt: null,
          registeredAt: { gt: new Date(now - PENDING_LIFETIME_MS) },
        },
        data: { emailVerifiedAt: new Date(now), version: { increment: 1 } },
      }),
    );
    return count === 1 ? 'verified' : 'superseded';
  }

  async resetPassword(userId: string, credentialVersion: number, passwordHash: string) {
    const now = this.#clock.now();
    return this.#database.transaction(async (tx) => {
      const { count } = await tx.user.updateMany({
        where: { id: userId, credentialVersion },
        data: { passwordHash, credentialVersion: { increment: 1 }, version: { increment: 1 } },
      });
      if (count === 0) return { outcome: 'stale' } as const;
      const endedSessions = await endSessions(tx, now, { userId });
      const { email } = await tx.user.findUniqueOrThrow({ where: { id: userId }, select: { email: true } });
      await enqueueMail(tx, { kind: 'PASSWORD_CHANGED', email, now });
      return { outcome: 'changed', endedSessions } as const;
    });
  }

  async renewPasswordHash(userId: string, from: string, to: string): Promise<void> {
    await this.#database.run((client) =>
      client.user.updateMany({ where: { id: userId, passwordHash: from }, data: { passwordHash: to } }),
    );
  }

  async changeUsername(userId: string, username: string): Promise<Account | undefined> {
    const [changed] = await this.#database.run((client) =>
      client.user.updateManyAndReturn({
        where: { id: userId },
        data: { username, version: { increment: 1 } },
      }),
    );
    return accountOf(changed);
  }

  async knowsAddress(email: string, address: string): Promise<boolean> {
    const oldest = new Date(this.#clock.now() - KNOWN_ADDRESS_LIFETIME_MS);
    const known = await this.#database.run((client) =>
      client.knownAddress.findFirst({ where: { address, user: { email }, lastSeenAt: { gt: oldest } } }),
    );
    return known !== null;
  }

  async createFirstAdmin(admin: { email: string; username: string; passwordHash: string }) {
    const now = new Date(this.#clock.now());
    return this.#database.transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${FIRST_ADMIN_LOCK})`;
      if ((await tx.user.findFirst({ where: { role: 'ADMIN' }, select: { id: true } })) !== null)
        return 'exists';
      // Whoever registered the address and never proved it must not keep the service from starting.
      await tx.user.deleteMany({ where: { email: admin.email, emailVerifiedAt: null } });
      if ((await tx.user.findUnique({ where: { email: admin.email } })) !== null) return 'email_taken';
      await tx.user.create({
        data: {
          ...admin,
          id: uuidv7(),
          role: 'ADMIN',
          emailVerifiedAt: now,
          registeredAt: now,
          createdAt: now,
        },
      });
      return 'created';
    });
  }

  async hasAdmin(): Promise<boolean> {
    const admin = await this.#database.run((client) =>
      client.user.findFirst({ where: { role: 'ADMIN' }, select: { id: true } }),
    );
    return admin !== null;
  }
}
