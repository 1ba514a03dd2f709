import type { AuditExport } from '@prisma/client';
import { uuidv7 } from 'uuidv7';
import type { Clock } from '../../clock';
import type { Database } from '../postgres/database';
import { markHolds } from './audit-chain';
import type { AuditExports, BegunExport, ExportRange } from './audit-exports';
import type { AuditSeal } from './audit-seal';
import type { Act, Origin } from './audit-store';
import type { PrismaAuditTrail } from './prisma-audit-trail';

/** Exports of the audit trail in PostgreSQL. */
export class PrismaAuditExports implements AuditExports {
  readonly #database: Database;
  readonly #audit: PrismaAuditTrail;
  readonly #seal: AuditSeal;
  readonly #clock: Clock;

  constructor(database: Database, audit: PrismaAuditTrail, seal: AuditSeal, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#seal = seal;
    this.#clock = clock;
  }

  async begin({ from, to }: ExportRange, by: Origin): Promise<BegunExport> {
    const head = await this.#database.run((client) =>
      client.auditMark.findFirst({ where: { kind: 'HEAD' }, orderBy: { seq: 'asc' } }),
    );
    const sealed = head !== null && markHolds(this.#seal, head) === true;
    const begun = { id: uuidv7(), from, to, throughSeq: sealed ? head.seq : 0n };
    await this.#audit.record(by, { ...actOf(begun), outcome: 'attempted' });
    return begun;
  }

  async complete(begun: BegunExport, events: number, by: Origin): Promise<void> {
    const { id, from, to, throughSeq } = begun;
    const at = new Date(this.#clock.now());
    const row = { id, at, from: new Date(from), to: new Date(to), throughSeq };
    await this.#audit.change(by, async (tx, tell) => {
      await tx.auditExport.create({ data: { ...row, ...signature(this.#seal, row) } });
      const act = actOf(begun);
      tell({ ...act, details: { ...act.details, events } });
    });
  }
}

function actOf({ id, from, to, throughSeq }: BegunExport): Act {
  const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return {
    type: 'sensitive_read',
    subjectId: null,
    details: { what: 'audit export', exportId: id, ...times, throughSeq: Number(throughSeq) },
  };
}

type Content = Omit<AuditExport, 'keyId' | 'mac'>;

function signature(seal: AuditSeal, content: Content) {
  return { keyId: seal.keyId, mac: seal.sign('export', partsOf(content)) };
}

/** Whether the service has written it; not where its key is not listed any more. */
export function isGenuine(seal: AuditSeal, row: AuditExport): boolean {
  return seal.verify('export', row.keyId, partsOf(row), row.mac) === true;
}

function partsOf({ id, at, from, to, throughSeq }: Content) {
  return [id, at.getTime(), from.getTime(), to.getTime(), String(throughSeq)];
}
