import type { Prisma } from '@prisma/client';
import { V7Generator } from 'uuidv7';
import { type AuditSeal, NOBODY } from './audit-seal';
import type { AuditType, RefusalSum } from './audit-store';
import { insertRows, rowOf } from './prisma-audit-row';

const MINUTE_MS = 60_000;
/** After the end of a minute, until the processes have written down what they had counted in it. */
const SETTLE_MS = 10_000;
const BATCH = 1_000;

/** The minute that a time falls in. */
export function minuteOf(at: number): Date {
  return new Date(Math.floor(at / MINUTE_MS) * MINUTE_MS);
}

/** Minutes up to this one are over; what is still counted into one of them becomes an event of its own. */
export function lastFinishedMinute(now: number): Date {
  return new Date(minuteOf(now - SETTLE_MS).getTime() - MINUTE_MS);
}

/** Adds to the sums in one statement; each minute, type, code and address once. */
export async function addRefusalSums(
  client: Pick<Prisma.TransactionClient, '$executeRaw'>,
  seal: AuditSeal,
  sums: readonly RefusalSum[],
): Promise<void> {
  const nobody = seal.addressKey(NOBODY);
  const column = <T>(of: (sum: RefusalSum) => T) => sums.map(of);
  await client.$executeRaw`
    INSERT INTO audit_refusals (minute, type, code, address_digest, address, key_id, count)
    SELECT minute, type, code, digest, address, ${seal.keyId}, count FROM unnest(
      ${column(({ at }) => minuteOf(at))}::timestamptz[],
      ${column(({ refusal }) => refusal.type)}::text[],
      ${column(({ refusal }) => refusal.code)}::text[],
      ${column(({ refusal }) => seal.digest(refusal.address))}::text[],
      ${column(({ refusal }) => seal.encrypt(refusal.address, nobody))}::bytea[],
      ${column(({ count }) => count)}::int[]
    ) AS sums (minute, type, code, digest, address, count)
    -- In the same order everywhere, so that no two who add to the same sums wait for each other.
    ORDER BY minute, type, code, digest
    ON CONFLICT (minute, type, code, address_digest) DO UPDATE SET count = audit_refusals.count + excluded.count`;
}

interface SumRow {
  readonly minute: Date;
  readonly type: string;
  readonly code: string;
  readonly address: Uint8Array<ArrayBuffer>;
  readonly keyId: string;
  readonly count: number;
}

/** Turns sums whose minute is over into an event each, told of as at the minute's end. */
export async function tellRefusalSums(
  tx: Prisma.TransactionClient,
  seal: AuditSeal,
  now: number,
): Promise<void> {
  const sums = await tx.$queryRaw<SumRow[]>`
    DELETE FROM audit_refusals WHERE ctid IN (
      SELECT ctid FROM audit_refusals WHERE minute <= ${lastFinishedMinute(now)}
      ORDER BY minute LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
    RETURNING minute, type, code, address, key_id AS "keyId", count`;
  if (sums.length === 0) return;
  const ids = new V7Generator();
  const rows = sums
    .toSorted((a, b) => a.minute.getTime() - b.minute.getTime())
    .map(({ minute, type, code, address, keyId, count }) => {
      const at = minute.getTime() + MINUTE_MS;
      const event = {
        id: ids.generateOrResetWithTs(at).toString(),
        at,
        type: type as AuditType,
        outcome: 'failure',
        actorId: null,
        subjectId: null,
        requestId: 'sum',
        details: { code, count },
      } as const;
      return rowOf(seal, event, underFirstKey(seal, keyId, address));
    });
  await insertRows(tx, rows);
}

/** An event has one key for its MAC and its address. */
function underFirstKey(
  seal: AuditSeal,
  keyId: string,
  encrypted: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | null {
  if (keyId === seal.keyId) return encrypted;
  const under = seal.addressKey(NOBODY, keyId);
  const address = under && seal.decrypt(encrypted, under);
  return address === undefined ? null : seal.encrypt(address, seal.addressKey(NOBODY));
}
