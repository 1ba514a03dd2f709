import type { AuditExport, Prisma } from '@prisma/client';
import type { Clock } from '../../clock';
import { ADVISORY_LOCKS } from '../postgres/advisory-locks';
import { markHolds, signedMark } from './audit-chain';
import type { AuditRetention, Removal } from './audit-retention';
import type { AuditSeal } from './audit-seal';
import type { Origin } from './audit-store';
import { ChainVerifier, type StoredEvent } from './chain-verifier';
import { isGenuine } from './prisma-audit-exports';
import type { PrismaAuditTrail } from './prisma-audit-trail';

const DAY_MS = 24 * 60 * 60_000;
/** Events removed in one transaction, and the most transactions in one round. */
const BATCH = 5_000;
const MOST_BATCHES = 200;
/** Exports looked at, the oldest first: what they cover goes first. */
const MOST_EXPORTS = 10_000;

const AT_HOUSEKEEPING: Origin = { actorId: null, address: 'local', requestId: 'housekeeping' };

export interface AuditRetentionOptions {
  /** Over a database that may take its time. */
  readonly trail: PrismaAuditTrail;
  readonly clock: Clock;
  readonly seal: AuditSeal;
  /** Whole days that events are kept at least. */
  readonly days: number;
}

type SealedEvent = StoredEvent & { readonly seq: bigint; readonly chain: Uint8Array<ArrayBuffer> };

/** Removes old audit events from PostgreSQL. Never the last one: the chain goes on from it. */
export class PrismaAuditRetention implements AuditRetention {
  readonly #options: AuditRetentionOptions;

  constructor(options: AuditRetentionOptions) {
    this.#options = options;
  }

  async removeExported(): Promise<Removal | undefined> {
    let events = 0;
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      const removal = await this.#removeBatch();
      if (removal === undefined) return batch === 0 ? undefined : { events, heldBack: undefined };
      events += removal.events;
      if (removal.events < BATCH) return { events, heldBack: removal.heldBack };
    }
    return { events, heldBack: undefined };
  }

  async #removeBatch(): Promise<Removal | undefined> {
    const { trail, clock, seal, days } = this.#options;
    const now = clock.now();
    return trail.change(AT_HOUSEKEEPING, async (tx, tell) => {
      const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(${ADVISORY_LOCKS.auditRetention}) AS taken`;
      if (lock?.taken !== true) return undefined;
      const anchor = await tx.auditMark.findFirst({ where: { kind: 'ANCHOR' }, orderBy: { seq: 'desc' } });
      const head = await tx.auditMark.findFirst({ where: { kind: 'HEAD' }, orderBy: { seq: 'asc' } });
      if (head === null || markHolds(seal, head) !== true) return { events: 0, heldBack: undefined };
      const verifier = new ChainVerifier(seal, anchor?.seq ?? 0n, anchor?.chain ?? null);
      const forged = anchor === null ? undefined : verifier.mark(anchor);
      const rows = (await tx.auditEvent.findMany({
        where: { seq: { lt: head.seq } },
        orderBy: { seq: 'asc' },
        take: BATCH,
      })) as SealedEvent[];
      const isCovered = await coverage(tx, seal, verifier.seq);
      let last: SealedEvent | undefined;
      let events = 0;
      let why: string | undefined;
      for (const row of rows) {
        if (row.at.getTime() >= now - days * DAY_MS) break;
        const fault = forged ?? verifier.next(row);
        why =
          fault !== undefined ? `${fault.what}: ${fault.why}` : isCovered(row) ? undefined : 'not exported';
        if (why !== undefined) break;
        last = row;
        events += 1;
      }
      if (last !== undefined) {
        await removeThrough(tx, last.seq, events);
        const place = { kind: 'ANCHOR', seq: last.seq, chain: last.chain, at: new Date(now) } as const;
        await tx.auditMark.create({ data: signedMark(seal, place) });
        const details = { what: 'audit events removed', events, throughSeq: Number(last.seq) };
        tell({ type: 'authz_admin', subjectId: null, details });
      }
      const held = rows[events];
      const heldBack =
        why === undefined || held === undefined ? undefined : { seq: held.seq, at: held.at.getTime(), why };
      return { events, heldBack };
    });
  }
}

/** The events up to this place, what was signed before it, and exports that nothing is left of. */
async function removeThrough(tx: Prisma.TransactionClient, seq: bigint, events: number): Promise<void> {
  const { count } = await tx.auditEvent.deleteMany({ where: { seq: { lte: seq } } });
  if (count !== events) throw new Error('audit events came or went while they were removed');
  await tx.auditMark.deleteMany({ where: { kind: { in: ['ANCHOR', 'CHECKPOINT'] }, seq: { lte: seq } } });
  await tx.auditExport.deleteMany({ where: { throughSeq: { lte: seq } } });
}

async function coverage(
  tx: Prisma.TransactionClient,
  seal: AuditSeal,
  beyond: bigint,
): Promise<(event: SealedEvent) => boolean> {
  const rows = await tx.auditExport.findMany({
    where: { throughSeq: { gt: beyond } },
    orderBy: [{ throughSeq: 'asc' }, { id: 'asc' }],
    take: MOST_EXPORTS,
  });
  const genuine = rows.filter((row) => isGenuine(seal, row));
  const covers = ({ from, to, throughSeq }: AuditExport, { at, seq }: SealedEvent) =>
    from <= at && at < to && seq <= throughSeq;
  let latest: AuditExport | undefined;
  return (event) => {
    // Neighbours mostly lie in the same one.
    if (latest === undefined || !covers(latest, event)) latest = genuine.find((row) => covers(row, event));
    return latest !== undefined;
  };
}
