import type { Prisma, AllowlistEntry as Row } from '@prisma/client';
import { uuidv7 } from 'uuidv7';
import type { Clock } from '../../clock';
import type { Origin } from '../audit/audit-store';
import type { PrismaAuditTrail } from '../audit/prisma-audit-trail';
import { ADVISORY_LOCKS } from '../postgres/advisory-locks';
import type { Database } from '../postgres/database';
import {
  type Acceptable,
  type AllowlistEntry,
  type AllowlistStore,
  MAX_ALLOWLIST_ENTRIES,
} from './allowlist-store';

/** The allow-list in PostgreSQL. */
export class PrismaAllowlistStore implements AllowlistStore {
  readonly #database: Database;
  readonly #audit: PrismaAuditTrail;
  readonly #clock: Clock;

  constructor(database: Database, audit: PrismaAuditTrail, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  async list(): Promise<readonly AllowlistEntry[]> {
    return this.#database.run(listAll);
  }

  async add({ cidr, note, expiresAt }: Omit<AllowlistEntry, 'id'>, acceptable: Acceptable, by: Origin) {
    const entry: AllowlistEntry = { id: uuidv7(), cidr, note, expiresAt };
    return this.#audit.change(by, async (tx, tell) => {
      const entries = await lockAndList(tx);
      if (entries.length >= MAX_ALLOWLIST_ENTRIES) return { outcome: 'full' } as const;
      if (!acceptable([...entries, entry])) return { outcome: 'refused' } as const;
      await tx.allowlistEntry.create({
        data: {
          ...entry,
          expiresAt: expiresAt === null ? null : new Date(expiresAt),
          createdAt: new Date(this.#clock.now()),
        },
      });
      // Which network is not told: it may be one person's address, and the trail outlives that person.
      const details = { what: 'allow-list entry added', entryId: entry.id, bits: bitsOf(cidr), expiresAt };
      tell({ type: 'authz_admin', subjectId: null, details });
      return { outcome: 'added', entry } as const;
    });
  }

  async remove(id: string, acceptable: Acceptable, by: Origin) {
    return this.#audit.change(by, async (tx, tell) => {
      const entries = await lockAndList(tx);
      const removed = entries.find((entry) => entry.id === id);
      if (removed === undefined) return 'unknown';
      if (!acceptable(entries.filter((entry) => entry !== removed))) return 'refused';
      await tx.allowlistEntry.delete({ where: { id } });
      const details = { what: 'allow-list entry removed', entryId: id, bits: bitsOf(removed.cidr) };
      tell({ type: 'authz_admin', subjectId: null, details });
      return 'removed';
    });
  }

  async clear(by: Origin): Promise<void> {
    await this.#audit.change(by, async (tx, tell) => {
      await lockAndList(tx);
      const { count } = await tx.allowlistEntry.deleteMany();
      tell({ type: 'authz_admin', subjectId: null, details: { what: 'allow-list opened', entries: count } });
    });
  }
}

/** How wide a network is: 32 or 128 is a single address. */
function bitsOf(cidr: string): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1));
}

async function lockAndList(tx: Prisma.TransactionClient): Promise<readonly AllowlistEntry[]> {
  // Two who change the list at once must not lock each other out.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.allowlist})`;
  return listAll(tx);
}

async function listAll(
  client: Pick<Prisma.TransactionClient, 'allowlistEntry'>,
): Promise<readonly AllowlistEntry[]> {
  const rows = await client.allowlistEntry.findMany({ orderBy: { id: 'asc' } });
  return rows.map(entryOf);
}

function entryOf({ id, cidr, note, expiresAt }: Row): AllowlistEntry {
  return { id, cidr, note, expiresAt: expiresAt?.getTime() ?? null };
}
