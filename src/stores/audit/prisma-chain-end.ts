import type { Prisma } from '@prisma/client';
import { V7Generator } from 'uuidv7';
import { link, markHolds } from './audit-chain';
import type { AuditSeal } from './audit-seal';
import { RESUMED } from './audit-sealer';
import type { AuditEvent } from './audit-store';
import { insertRows, rowOf } from './prisma-audit-row';

/** Where the chain ends; `chain` is null where it is yet to begin. */
export interface End {
  readonly seq: bigint;
  readonly chain: Uint8Array<ArrayBuffer> | null;
}

/**
 * Finds the signed end of the chain. `broken` says why what there is cannot be gone on with; `seq` is then the last place
 * that is taken. Sealed rows beyond a good end are nothing that was sealed here: they lose their place, are sealed like
 * new ones, and their MAC tells.
 */
export async function findEnd(
  tx: Prisma.TransactionClient,
  seal: AuditSeal,
): Promise<End & { readonly broken: string | undefined }> {
  const marks = await tx.auditMark.findMany({ where: { kind: 'HEAD' }, take: 2 });
  const newest = await tx.auditEvent.findFirst({
    where: { seq: { not: null } },
    orderBy: { seq: 'desc' },
    select: { seq: true },
  });
  const [head] = marks;
  if (head === undefined && newest === null && (await tx.auditMark.count({ take: 1 })) === 0) {
    return { seq: 0n, chain: null, broken: undefined };
  }
  const broken =
    head === undefined
      ? 'its end was removed'
      : marks.length > 1
        ? 'it has two ends'
        : await faultOfHead(tx, seal, head);
  if (head !== undefined && broken === undefined) {
    if (newest?.seq !== head.seq) {
      await tx.auditEvent.updateMany({ where: { seq: { gt: head.seq } }, data: { seq: null, chain: null } });
    }
    return { seq: head.seq, chain: head.chain, broken };
  }
  const { _max } = await tx.auditMark.aggregate({ _max: { seq: true } });
  const taken = [newest?.seq ?? 0n, _max.seq ?? 0n];
  return { seq: taken.reduce((a, b) => (a > b ? a : b)), chain: null, broken };
}

async function faultOfHead(
  tx: Prisma.TransactionClient,
  seal: AuditSeal,
  head: Parameters<typeof markHolds>[1],
): Promise<string | undefined> {
  const holds = markHolds(seal, head);
  if (holds === undefined) return 'its end was signed with a key that is not listed';
  if (!holds) return 'its end was changed';
  const row = await tx.auditEvent.findUnique({ where: { seq: head.seq }, select: { chain: true } });
  if (row === null) return 'its last event was removed';
  return Buffer.from(head.chain).equals(row.chain ?? Buffer.alloc(0))
    ? undefined
    : 'its last event was changed';
}

/**
 * Begins the chain anew after a break, with an event that tells of it: what comes after is as safe as before, and the
 * break stays on record.
 */
export async function insertResumption(
  tx: Prisma.TransactionClient,
  seal: AuditSeal,
  { seq: last, broken }: End & { readonly broken: string | undefined },
  now: number,
): Promise<{ readonly event: AuditEvent; readonly end: End }> {
  const seq = last + 1n;
  const event: AuditEvent = {
    id: new V7Generator().generateOrResetWithTs(now).toString(),
    at: now,
    type: 'authz_admin',
    outcome: 'failure',
    actorId: null,
    subjectId: null,
    address: null,
    requestId: 'seal',
    details: { what: RESUMED, reason: broken ?? '', after: Number(last) },
  };
  const row = rowOf(seal, event, null);
  const chain = link(seal, null, seq, row);
  await insertRows(tx, [row]);
  await tx.auditEvent.update({ where: { id: event.id }, data: { seq, chain } });
  return { event, end: { seq, chain } };
}
