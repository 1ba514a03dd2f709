import type { Prisma } from '@prisma/client';
import type { Database } from '../postgres/database';
import { type Mark, markHolds } from './audit-chain';
import type { AuditSeal } from './audit-seal';
import { ChainVerifier, type Fault, type StoredEvent, type Unchecked } from './chain-verifier';

/** Events held at a time. */
const BATCH = 1_000;

export interface VerificationOptions {
  /** Takes this place for granted, and what lies before it. */
  readonly after?: bigint | undefined;
  /** A checkpoint from outside the database. */
  readonly checkpoint?: Mark | undefined;
}

export interface Verdict {
  readonly fault: Fault | undefined;
  readonly unchecked: Unchecked;
  /** Events looked at; the last place of the chain among them; how many have none yet. */
  readonly events: number;
  readonly through: bigint;
  readonly unsealed: number;
  /** Whether the checkpoint from outside could be compared: not where its place lies before the beginning. */
  readonly compared: boolean;
}

/** There is no sealed event in the place that the verification was to begin after. */
export class NoSuchPlace extends Error {
  override readonly name = 'NoSuchPlace';
}

/**
 * Follows the whole chain and names the first fault. Reads one snapshot, so that what is written, sealed and removed
 * meanwhile does not show. Throws `NoSuchPlace`, `DependencyUnavailable`.
 */
export async function verifyChain(
  database: Database,
  seal: AuditSeal,
  options: VerificationOptions = {},
): Promise<Verdict> {
  return database.transaction(async (tx) => {
    await tx.$executeRaw`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`;
    const anchors = await marksOf(tx, 'ANCHOR');
    const [anchor] = anchors;
    const start = await startOf(tx, anchor, options.after);
    const verifier = new ChainVerifier(seal, start.seq, start.chain);
    const { checkpoint } = options;
    let events = 0;
    let unsealed = 0;
    const look = async (): Promise<Fault | undefined> => {
      const beginning = faultOfBeginning(seal, verifier, anchors) ?? markHere(verifier, checkpoint);
      if (beginning !== undefined) return beginning;
      for await (const batch of sealedEvents(tx, options.after)) {
        const marks = await checkpoints(tx, batch[0].seq, (batch.at(-1) ?? batch[0]).seq);
        for (const event of batch) {
          events += 1;
          const fault =
            verifier.next(event) ??
            markHere(verifier, marks.get(event.seq)) ??
            markHere(verifier, checkpoint);
          if (fault !== undefined) return fault;
        }
      }
      const end = (await faultOfEnd(tx, verifier)) ?? (checkpoint && verifier.mark(checkpoint));
      if (end !== undefined) return end;
      for await (const batch of unsealedEvents(tx)) {
        for (const event of batch) {
          events += 1;
          unsealed += 1;
          const fault = verifier.unsealed(event);
          if (fault !== undefined) return fault;
        }
      }
      return undefined;
    };
    const fault = await look();
    const compared = checkpoint !== undefined && checkpoint.seq >= start.seq;
    return { fault, unchecked: verifier.unchecked, events, through: verifier.seq, unsealed, compared };
  });
}

async function startOf(tx: Prisma.TransactionClient, anchor: Mark | undefined, after: bigint | undefined) {
  if (after === undefined) return { seq: anchor?.seq ?? 0n, chain: anchor?.chain ?? null };
  const event = await tx.auditEvent.findUnique({ where: { seq: after }, select: { chain: true } });
  if (event === null) throw new NoSuchPlace(`there is no event with seq ${after}`);
  return { seq: after, chain: event.chain };
}

function faultOfBeginning(
  seal: AuditSeal,
  verifier: ChainVerifier,
  [anchor, another]: readonly Mark[],
): Fault | undefined {
  if (anchor === undefined) return undefined;
  if (another !== undefined) return twice(another, 'beginnings');
  // With another place to begin after, this one is only looked at for its signature.
  if (markHolds(seal, anchor) === true) return undefined;
  return verifier.mark(anchor);
}

/** Compares a mark where its own place is reached. */
function markHere(verifier: ChainVerifier, mark: Mark | undefined): Fault | undefined {
  return mark?.seq === verifier.seq ? verifier.mark(mark) : undefined;
}

/** After the last sealed event: the end that was signed, and checkpoints beyond it. */
async function faultOfEnd(tx: Prisma.TransactionClient, verifier: ChainVerifier): Promise<Fault | undefined> {
  const [head, another] = await marksOf(tx, 'HEAD');
  const { seq } = verifier;
  if (another !== undefined) return twice(another, 'ends');
  if (head === undefined) {
    if (seq === 0n && (await tx.auditMark.count({ take: 1 })) === 0) return undefined;
    const why =
      'the signed end of the chain is not there: events after this place may have been removed with it';
    return { what: 'removed', seq: seq + 1n, id: null, why };
  }
  const fault = verifier.mark(head);
  if (fault !== undefined) return fault;
  if (head.seq < seq) {
    const why = `the end of ${head.at.toISOString()} was signed at seq ${head.seq}, before this place`;
    return { what: 'mark changed', seq: head.seq, id: null, why };
  }
  const beyond = await tx.auditMark.findFirst({
    where: { kind: 'CHECKPOINT', seq: { gt: seq } },
    orderBy: { seq: 'asc' },
  });
  return beyond === null ? undefined : verifier.mark(beyond);
}

function twice(mark: Mark, what: string): Fault {
  return { what: 'mark changed', seq: mark.seq, id: null, why: `there are two signed ${what} of the chain` };
}

async function marksOf(tx: Prisma.TransactionClient, kind: Mark['kind']): Promise<readonly Mark[]> {
  return tx.auditMark.findMany({ where: { kind }, orderBy: { seq: 'asc' }, take: 2 });
}

async function checkpoints(
  tx: Prisma.TransactionClient,
  from: bigint,
  to: bigint,
): Promise<ReadonlyMap<bigint, Mark>> {
  const marks = await tx.auditMark.findMany({ where: { kind: 'CHECKPOINT', seq: { gte: from, lte: to } } });
  return new Map(marks.map((mark) => [mark.seq, mark]));
}

type SealedEvent = StoredEvent & { readonly seq: bigint; readonly chain: Uint8Array };

/** From the lowest place on, also what stands before the beginning: nobody but an attacker has put it there. */
async function* sealedEvents(
  tx: Prisma.TransactionClient,
  after: bigint | undefined,
): AsyncGenerator<readonly [SealedEvent, ...SealedEvent[]]> {
  for (let last = after; ; ) {
    const batch = (await tx.auditEvent.findMany({
      where: { seq: last === undefined ? { not: null } : { gt: last } },
      orderBy: { seq: 'asc' },
      take: BATCH,
    })) as SealedEvent[];
    const [first, ...more] = batch;
    if (first === undefined) return;
    yield [first, ...more];
    last = (batch.at(-1) ?? first).seq;
  }
}

async function* unsealedEvents(tx: Prisma.TransactionClient): AsyncGenerator<readonly StoredEvent[]> {
  for (let last = ''; ; ) {
    const batch = await tx.auditEvent.findMany({
      where: { seq: null, ...(last !== '' && { id: { gt: last } }) },
      orderBy: { id: 'asc' },
      take: BATCH,
    });
    if (batch.length === 0) return;
    yield batch;
    last = batch.at(-1)?.id ?? last;
  }
}
