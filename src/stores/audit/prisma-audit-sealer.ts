import type { Prisma } from '@prisma/client';
import type { Clock } from '../../clock';
import { ADVISORY_LOCKS } from '../postgres/advisory-locks';
import type { Database } from '../postgres/database';
import { checkpointText, type Linked, link, type Mark, signedMark } from './audit-chain';
import type { AuditSeal } from './audit-seal';
import type { AuditSealer, Sealing } from './audit-sealer';
import type { AuditEvent } from './audit-store';
import { type End, findEnd, insertResumption } from './prisma-chain-end';
import { lastFinishedMinute, tellRefusalSums } from './prisma-refusal-sums';

/** Events sealed in one transaction, which so stays short, and the most transactions in one round. */
const BATCH = 1_000;
const MOST_BATCHES = 100;
const CHECKPOINT_MS = 60 * 60_000;

const NOTHING: Sealing = { events: 0, checkpoint: undefined, broken: undefined };

export interface AuditSealerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly seal: AuditSeal;
  /** Told of an event that sealing itself has written. */
  readonly onWritten: (event: AuditEvent) => void;
}

/** Chains audit events in PostgreSQL, outside the transactions that write them: none of those waits for another. */
export class PrismaAuditSealer implements AuditSealer {
  readonly #options: AuditSealerOptions;

  constructor(options: AuditSealerOptions) {
    this.#options = options;
  }

  async seal(closing = false): Promise<Sealing | undefined> {
    let total = NOTHING;
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      if (!closing && !(await this.#isDue())) break;
      const done = await this.#sealBatch(closing);
      if (done === undefined) return batch === 0 ? undefined : total;
      total = {
        events: total.events + done.events,
        checkpoint: done.checkpoint ?? total.checkpoint,
        broken: done.broken ?? total.broken,
      };
      if (done.events < BATCH) break;
    }
    return total;
  }

  /** One cheap query, since every process asks every second. */
  async #isDue(): Promise<boolean> {
    const now = this.#options.clock.now();
    const [found] = await this.#options.database.run(
      (client) => client.$queryRaw<{ due: boolean }[]>`
        SELECT (SELECT id FROM audit_events WHERE seq IS NULL ORDER BY id DESC LIMIT 1) IS NOT NULL
          OR EXISTS (SELECT FROM audit_refusals WHERE minute <= ${lastFinishedMinute(now)})
          OR EXISTS (
            SELECT FROM audit_marks AS head
            LEFT JOIN LATERAL (
              SELECT seq, at FROM audit_marks WHERE kind = 'CHECKPOINT' ORDER BY seq DESC LIMIT 1
            ) AS newest ON true
            WHERE head.kind = 'HEAD'
              AND (newest IS NULL OR newest.seq < head.seq AND newest.at <= ${new Date(now - CHECKPOINT_MS)})
          ) AS due`,
    );
    return found?.due === true;
  }

  async #sealBatch(closing: boolean): Promise<Sealing | undefined> {
    const { database, clock, seal, onWritten } = this.#options;
    const now = clock.now();
    let resumption: AuditEvent | undefined;
    const done = await database.transaction(async (tx): Promise<Sealing | undefined> => {
      resumption = undefined;
      // Along the index: such a scan remembers the entries of events that were sealed, of which there are many, and does
      // not look at them again.
      // One process at a time seals.
      const [lock] = await tx.$queryRaw<{ taken: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(${ADVISORY_LOCKS.auditSealing}) AS taken, set_config('enable_bitmapscan', 'off', true)`;
      if (lock?.taken !== true) return undefined;
      await tellRefusalSums(tx, seal, now);
      const found = await findEnd(tx, seal);
      let end: End = found;
      if (found.broken !== undefined)
        ({ event: resumption, end } = await insertResumption(tx, seal, found, now));
      const sealed = await sealNext(tx, seal, end);
      const head = sealed.end;
      if (head.chain !== null && (head.seq !== found.seq || found.broken !== undefined)) {
        await moveHead(
          tx,
          signedMark(seal, { kind: 'HEAD', seq: head.seq, chain: head.chain, at: new Date(now) }),
        );
      }
      const mark = await addCheckpoint(tx, seal, head, now, closing);
      return {
        events: sealed.events + (resumption === undefined ? 0 : 1),
        checkpoint: mark && checkpointText(mark),
        broken: found.broken,
      };
    });
    if (resumption !== undefined) onWritten(resumption);
    return done;
  }
}

/** Numbers and chains the next events, those first written first. */
async function sealNext(
  tx: Prisma.TransactionClient,
  seal: AuditSeal,
  from: End,
): Promise<{ readonly events: number; readonly end: End }> {
  const rows = await tx.$queryRaw<Linked[]>`
    SELECT id, key_id AS "keyId", mac FROM audit_events WHERE seq IS NULL ORDER BY id LIMIT ${BATCH}`;
  if (rows.length === 0) return { events: 0, end: from };
  const links: (End & { readonly chain: Uint8Array<ArrayBuffer> })[] = [];
  for (const row of rows) {
    const before = links.at(-1) ?? from;
    const seq = before.seq + 1n;
    links.push({ seq, chain: link(seal, before.chain, seq, row) });
  }
  const count = await tx.$executeRaw`
    UPDATE audit_events SET seq = sealed.seq, chain = sealed.chain
    FROM unnest(
      ${rows.map(({ id }) => id)}::uuid[],
      ${links.map(({ seq }) => String(seq))}::bigint[],
      ${links.map(({ chain }) => chain)}::bytea[]
    ) AS sealed (id, seq, chain)
    WHERE audit_events.id = sealed.id AND audit_events.seq IS NULL`;
  if (count !== rows.length) throw new Error('events were removed while they were sealed');
  return { events: count, end: links.at(-1) ?? from };
}

async function moveHead(tx: Prisma.TransactionClient, head: Mark): Promise<void> {
  await tx.auditMark.deleteMany({ where: { kind: 'HEAD' } });
  await tx.auditMark.create({ data: head });
}

/** Signs where the chain ends, where the newest checkpoint is an hour old and an older place. */
async function addCheckpoint(
  tx: Prisma.TransactionClient,
  seal: AuditSeal,
  { seq, chain }: End,
  now: number,
  closing: boolean,
): Promise<Mark | undefined> {
  if (chain === null) return undefined;
  const newest = await tx.auditMark.findFirst({ where: { kind: 'CHECKPOINT' }, orderBy: { seq: 'desc' } });
  if (newest !== null && newest.seq >= seq) return undefined;
  if (newest !== null && !closing && newest.at.getTime() > now - CHECKPOINT_MS) return undefined;
  const mark = signedMark(seal, { kind: 'CHECKPOINT', seq, chain, at: new Date(now) });
  await tx.auditMark.create({ data: mark });
  return mark;
}
