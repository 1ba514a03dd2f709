import { ADVISORY_LOCKS } from '../postgres/advisory-locks';
import type { AuditSeal } from './audit-seal';
import type { Origin } from './audit-store';
import type { KeyChanges, ListedKeys } from './key-changes';
import type { PrismaAuditTrail } from './prisma-audit-trail';

const WHAT = 'keys changed';
const AT_START: Origin = { actorId: null, address: 'local', requestId: 'start' };

/** Remembers listed keys by the newest audit event that tells of them. */
export class PrismaKeyChanges implements KeyChanges {
  readonly #audit: PrismaAuditTrail;
  readonly #seal: AuditSeal;

  constructor(audit: PrismaAuditTrail, seal: AuditSeal) {
    this.#audit = audit;
    this.#seal = seal;
  }

  async note({ signingKeys, peppers }: ListedKeys): Promise<boolean> {
    const list = (ids: readonly string[]) => ids.join(',');
    const details = {
      what: WHAT,
      secretKeys: list(this.#seal.keyIds),
      signingKeys: list(signingKeys),
      peppers: list(peppers),
    };
    return this.#audit.change(AT_START, async (tx, tell) => {
      // Of several instances that start together one tells.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.keyChanges})`;
      const newest = await tx.auditEvent.findFirst({
        where: { type: 'authz_admin', actorId: null, details: { startsWith: `{"what":"${WHAT}"` } },
        orderBy: { id: 'desc' },
        select: { details: true },
      });
      if (newest?.details === JSON.stringify(details)) return false;
      tell({ type: 'authz_admin', subjectId: null, details });
      return true;
    });
  }
}
