import { Prisma } from '@prisma/client';
import type { AuditSeal, SealedContent } from './audit-seal';
import type { AuditEvent } from './audit-store';

/** An event that is still to be sealed. */
export type UnsealedRow = SealedContent & { readonly keyId: string; readonly mac: Uint8Array };

/** `address` is encrypted already. */
export function rowOf(
  seal: AuditSeal,
  event: Omit<AuditEvent, 'address'>,
  address: Uint8Array | null,
): UnsealedRow {
  const { id, at, type, outcome, actorId, subjectId, requestId, details } = event;
  const content: SealedContent = {
    id,
    at: new Date(at),
    type,
    outcome,
    actorId,
    subjectId,
    address,
    requestId,
    details: JSON.stringify(details),
  };
  return { ...content, keyId: seal.keyId, mac: seal.mac(content) };
}

const COLUMNS = Prisma.raw(
  'id, at, type, outcome, actor_id, subject_id, address, request_id, details, key_id, mac',
);

function valuesOf(row: UnsealedRow): Prisma.Sql {
  return Prisma.sql`
    ${row.id}::uuid, ${row.at}::timestamptz, ${row.type}, ${row.outcome}, ${row.actorId}::uuid, ${row.subjectId}::uuid,
    ${row.address}::bytea, ${row.requestId}, ${row.details}, ${row.keyId}, ${row.mac}::bytea`;
}

/** Written out, for it is part of every act: half the work of what Prisma makes of `createMany`. */
export async function insertRows(
  client: Pick<Prisma.TransactionClient, '$executeRaw'>,
  rows: readonly UnsealedRow[],
): Promise<void> {
  const values = rows.map((row) => Prisma.sql`(${valuesOf(row)})`);
  await client.$executeRaw`INSERT INTO audit_events (${COLUMNS}) VALUES ${Prisma.join(values)}`;
}

/** The statement, which returns what it changes, with the event: that is written if there is anything. */
export function told(statement: Prisma.Sql, row: UnsealedRow): Prisma.Sql {
  return Prisma.sql`
    WITH changed AS (${statement}), told AS (
      INSERT INTO audit_events (${COLUMNS}) SELECT ${valuesOf(row)} FROM changed LIMIT 1
    ) SELECT * FROM changed`;
}
