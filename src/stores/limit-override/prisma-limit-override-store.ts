import type { LimitOverride as Row } from '@prisma/client';
import type { Clock } from '../../clock';
import type { Origin } from '../audit/audit-store';
import type { PrismaAuditTrail } from '../audit/prisma-audit-trail';
import { ADVISORY_LOCKS } from '../postgres/advisory-locks';
import type { Database } from '../postgres/database';
import type { LimitChange, LimitOverride, LimitOverrideStore } from './limit-override-store';

/** Changed limits in PostgreSQL. */
export class PrismaLimitOverrideStore implements LimitOverrideStore {
  readonly #database: Database;
  readonly #audit: PrismaAuditTrail;
  readonly #clock: Clock;

  constructor(database: Database, audit: PrismaAuditTrail, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  async list(): Promise<readonly LimitOverride[]> {
    const rows = await this.#database.run((client) => client.limitOverride.findMany());
    return rows.map(overrideOf);
  }

  async change(policy: string, change: LimitChange, by: Origin): Promise<LimitOverride> {
    return this.#audit.change(by, async (tx, tell) => {
      // Two who change a limit at once must not undo each other's change.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.limits})`;
      const row = await tx.limitOverride.findUnique({ where: { policy } });
      const before = row === null ? AS_SET : overrideOf(row);
      const now = this.#clock.now();
      const changedAt = Math.max(now, before.changedAt + 1);
      const {
        capacity = before.capacity,
        refillPerSecond = before.refillPerSecond,
        shadowUntil = before.shadowUntil,
      } = change;
      const sameRate = capacity === before.capacity && refillPerSecond === before.refillPerSecond;
      const rateSince = sameRate ? before.rateSince : changedAt;
      const after = { policy, capacity, refillPerSecond, shadowUntil, rateSince, changedAt };
      const data = rowOf(after);
      await tx.limitOverride.upsert({ where: { policy }, create: data, update: data });
      const until = shadowUntil !== null && now < shadowUntil ? shadowUntil : null;
      const mode = until === null ? 'enforce' : 'shadow';
      const details = { what: 'limit changed', policy, capacity, refillPerSecond, mode, until };
      tell({ type: 'authz_admin', subjectId: null, details });
      return after;
    });
  }
}

/** A limit that nobody has changed. */
const AS_SET = { capacity: null, refillPerSecond: null, shadowUntil: null, rateSince: 0, changedAt: 0 };

function rowOf({ shadowUntil, rateSince, changedAt, ...same }: LimitOverride): Row {
  return {
    ...same,
    shadowUntil: shadowUntil === null ? null : new Date(shadowUntil),
    rateSince: new Date(rateSince),
    updatedAt: new Date(changedAt),
  };
}

function overrideOf({ shadowUntil, rateSince, updatedAt, ...same }: Row): LimitOverride {
  return {
    ...same,
    shadowUntil: shadowUntil?.getTime() ?? null,
    rateSince: rateSince.getTime(),
    changedAt: updatedAt.getTime(),
  };
}
