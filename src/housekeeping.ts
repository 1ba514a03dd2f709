import type { Logger } from './observability/logger';
import type { AuditRetention } from './stores/audit/audit-retention';
import type { HousekeepingStore } from './stores/housekeeping/housekeeping-store';

const HOUR_MS = 60 * 60_000;

export interface HousekeepingOptions {
  readonly store: HousekeepingStore;
  /** Undefined where the audit trail is kept for ever. */
  readonly auditRetention: AuditRetention | undefined;
  readonly logger: Logger;
}

/** Begins hourly housekeeping, its first round at once. Returns what ends it. */
export function startHousekeeping({ store, auditRetention, logger }: HousekeepingOptions): () => void {
  const failed = (err: unknown) => logger.warn({ err }, 'housekeeping failed; the next round tries again');
  const round = async () => {
    await store
      .removeExpired()
      .then((removed) => removed !== undefined && logger.info({ removed }, 'housekeeping done'), failed);
    await auditRetention?.removeExported().then((removal) => {
      if (removal === undefined) return;
      const { events, heldBack } = removal;
      logger.info({ events }, 'audit retention done');
      if (heldBack === undefined) return;
      const { seq, at, why } = heldBack;
      logger.warn(
        { seq: Number(seq), at: new Date(at).toISOString(), why },
        'audit events are old enough to be removed, and kept',
      );
    }, failed);
  };
  void round();
  const timer = setInterval(round, HOUR_MS);
  timer.unref();
  return () => clearInterval(timer);
}
