import { Prisma } from '@prisma/client';
import type { Database } from '../postgres/database';
import type { AuditQuery, AuditRange, AuditReader } from './audit-reader';
import type { AddressKey, AuditSeal, SealedContent } from './audit-seal';
import { NOBODY } from './audit-seal';
import type { AuditEvent } from './audit-store';

/** Events of an export held at a time. */
const BATCH = 250;
/** Milliseconds that an id may be ahead of its event: a clock that goes back by less than ten seconds moves no id back. */
const ID_AHEAD_MS = 11_000;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

type Row = Omit<SealedContent, 'details'> & { readonly details: string; readonly keyId: string };

const COLUMNS = Prisma.sql`
  id, at, type, outcome, actor_id AS "actorId", subject_id AS "subjectId", address, request_id AS "requestId", details,
  key_id AS "keyId"`;

/** Reads the audit trail from PostgreSQL, always along an index by id, and so by time. */
export class PrismaAuditReader implements AuditReader {
  readonly #database: Database;
  readonly #seal: AuditSeal;

  constructor(database: Database, seal: AuditSeal) {
    this.#database = database;
    this.#seal = seal;
  }

  async list({ limit, after = LAST_ID, userId, type, ...range }: AuditQuery) {
    const conditions = [Prisma.sql`id < ${after}::uuid`, ...within(range)];
    if (type !== undefined) conditions.push(Prisma.sql`type = ${type}`);
    const newest = (more: readonly Prisma.Sql[] = []) => Prisma.sql`
      (SELECT ${COLUMNS} FROM audit_events WHERE ${Prisma.join([...more, ...conditions], ' AND ')}
       ORDER BY id DESC LIMIT ${limit + 1})`;
    // Two short scans, each along its own index; what happened to whoever did it comes from both, and counts once.
    const query =
      userId === undefined
        ? newest()
        : Prisma.sql`
            ${newest([Prisma.sql`actor_id = ${userId}::uuid`])}
            UNION ALL ${newest([Prisma.sql`subject_id = ${userId}::uuid AND subject_id IS DISTINCT FROM actor_id`])}
            ORDER BY id DESC LIMIT ${limit + 1}`;
    const rows = await this.#database.run((client) => client.$queryRaw<Row[]>(query));
    return { events: await this.#read(rows.slice(0, limit)), more: rows.length > limit };
  }

  async *walk(range: AuditRange): AsyncGenerator<readonly AuditEvent[]> {
    for (let last: string | undefined; ; ) {
      const conditions = within(range);
      if (last !== undefined) conditions.push(Prisma.sql`id > ${last}::uuid`);
      const where =
        conditions.length === 0 ? Prisma.empty : Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')}`;
      const rows = await this.#database.run(
        (client) => client.$queryRaw<Row[]>`
          SELECT ${COLUMNS} FROM audit_events ${where} ORDER BY id LIMIT ${BATCH}`,
      );
      if (rows.length > 0) yield await this.#read(rows);
      if (rows.length < BATCH) return;
      last = rows.at(-1)?.id;
    }
  }

  async #read(rows: readonly Row[]): Promise<readonly AuditEvent[]> {
    const owners = new Set(rows.flatMap((row) => (row.address === null ? [] : (ownerOf(row) ?? []))));
    const users =
      owners.size === 0
        ? []
        : await this.#database.run((client) =>
            client.user.findMany({
              where: { id: { in: [...owners] } },
              select: { id: true, auditKey: true },
            }),
          );
    const userKeys = new Map(users.map(({ id, auditKey }) => [id, auditKey]));
    const addressKeys = new Map<string, AddressKey | undefined>();
    return rows.map(({ keyId, address, at, details, ...row }) => {
      const owner = ownerOf(row);
      const name = `${keyId} ${owner}`;
      if (address !== null && !addressKeys.has(name)) {
        const userKey = owner === null ? NOBODY : userKeys.get(owner);
        addressKeys.set(name, userKey && this.#seal.addressKey(userKey, keyId));
      }
      const key = addressKeys.get(name);
      return {
        ...(row as Pick<AuditEvent, keyof typeof row>),
        at: at.getTime(),
        address: address === null || key === undefined ? null : (this.#seal.decrypt(address, key) ?? null),
        details: readDetails(details),
      };
    });
  }
}

/** Whose key the address lies under. */
function ownerOf({ actorId, subjectId }: Pick<Row, 'actorId' | 'subjectId'>): string | null {
  return actorId ?? subjectId;
}

/** By the id, along whose index it is read, and then to the millisecond. */
function within({ from, to }: AuditRange): Prisma.Sql[] {
  return [
    ...(from === undefined
      ? []
      : [Prisma.sql`id >= ${firstIdAt(from)}::uuid`, Prisma.sql`at >= ${new Date(from)}`]),
    ...(to === undefined
      ? []
      : [Prisma.sql`id < ${firstIdAt(to + ID_AHEAD_MS)}::uuid`, Prisma.sql`at < ${new Date(to)}`]),
  ];
}

/** The least UUID version 7 of a time. */
function firstIdAt(time: number): string {
  const hex = Math.max(0, time).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** A row that somebody spoilt is shown all the same. */
function readDetails(details: string): AuditEvent['details'] {
  try {
    const read: unknown = JSON.parse(details);
    if (typeof read === 'object' && read !== null && !Array.isArray(read))
      return read as AuditEvent['details'];
  } catch {
    // Not written by us.
  }
  return { unreadable: details };
}
