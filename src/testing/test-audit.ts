import { randomBytes } from 'node:crypto';
import { AuditSeal } from '../stores/audit/audit-seal';
import type { Act, AuditEvent, Origin } from '../stores/audit/audit-store';
import { PrismaAuditExports } from '../stores/audit/prisma-audit-exports';
import { PrismaAuditReader } from '../stores/audit/prisma-audit-reader';
import { PrismaAuditRetention } from '../stores/audit/prisma-audit-retention';
import { PrismaAuditSealer } from '../stores/audit/prisma-audit-sealer';
import { PrismaAuditTrail } from '../stores/audit/prisma-audit-trail';
import { type VerificationOptions, verifyChain } from '../stores/audit/prisma-chain-verification';
import { Database } from '../stores/postgres/database';
import { TestClock } from './test-clock';
import { createTestDatabase } from './test-database';

export const BY_NOBODY: Origin = { actorId: null, address: '198.18.0.1', requestId: 'request-1' };

/** An audit trail over a database of its own. */
export class TestAudit {
  readonly clock = new TestClock();
  /** Events that the stores have said to be written. */
  readonly told: AuditEvent[] = [];
  readonly trail: PrismaAuditTrail;
  readonly sealer: PrismaAuditSealer;
  readonly reader: PrismaAuditReader;
  readonly exports: PrismaAuditExports;

  private constructor(
    readonly url: string,
    readonly database: Database,
    readonly seal: AuditSeal,
    readonly close: () => Promise<void>,
  ) {
    this.trail = new PrismaAuditTrail(this.#options());
    this.sealer = new PrismaAuditSealer(this.#options());
    this.reader = new PrismaAuditReader(database, seal);
    this.exports = new PrismaAuditExports(database, this.trail, seal, this.clock);
  }

  static async create(keys: readonly Buffer[] = [randomBytes(32)]): Promise<TestAudit> {
    const { url, drop } = await createTestDatabase();
    const database = new Database(url, { connectMs: 10_000, statementMs: 10_000 });
    return new TestAudit(url, database, new AuditSeal(keys), async () => {
      await database.close();
      await drop();
    });
  }

  /** Another process on the same database, with keys of its own. */
  beside(keys: readonly Buffer[]): TestAudit {
    const other = new TestAudit(this.url, this.database, new AuditSeal(keys), async () => {});
    other.clock.advance(this.clock.offset);
    return other;
  }

  retention(days: number): PrismaAuditRetention {
    return new PrismaAuditRetention({ ...this.#options(), trail: this.trail, days });
  }

  verify(options?: VerificationOptions) {
    return verifyChain(this.database, this.seal, options);
  }

  /** What, where and which event; undefined where all is intact. */
  async fault(options?: VerificationOptions) {
    const { fault } = await this.verify(options);
    return fault && [fault.what, fault.seq === null ? null : Number(fault.seq), fault.id];
  }

  /** Writes so many events; their ids. */
  async write(count: number, act: Partial<Act> = {}, by: Origin = BY_NOBODY): Promise<readonly string[]> {
    const before = this.told.length;
    for (let n = 0; n < count; n += 1) {
      await this.trail.record(by, { type: 'authz_admin', subjectId: null, details: { n }, ...act });
    }
    return this.told.slice(before).map(({ id }) => id);
  }

  /** The ids of the sealed events in their order. */
  async sealed(): Promise<readonly string[]> {
    const rows = await this.database.run((prisma) =>
      prisma.auditEvent.findMany({ where: { seq: { not: null } }, orderBy: { seq: 'asc' } }),
    );
    return rows.map(({ id }) => id);
  }

  /** What somebody does who has the database, and not the keys. */
  async sql(...statements: readonly string[]): Promise<void> {
    await this.database.run(async (prisma) => {
      for (const statement of statements) await prisma.$executeRawUnsafe(statement);
    });
  }

  /** A user in the table. */
  async user(id: string): Promise<string> {
    const at = new Date(this.clock.now());
    const email = `${id}@example.com`;
    await this.database.run((prisma) =>
      prisma.user.create({ data: { id, email, username: 'Ada', registeredAt: at, createdAt: at } }),
    );
    return id;
  }

  #options() {
    return {
      database: this.database,
      clock: this.clock,
      seal: this.seal,
      onWritten: (event: AuditEvent) => void this.told.push(event),
    };
  }
}
