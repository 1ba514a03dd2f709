import type { Clock } from './clock';
import type { AuditRetention } from './stores/audit/audit-retention';
import { AuditSeal } from './stores/audit/audit-seal';
import type { AuditSealer } from './stores/audit/audit-sealer';
import type { AuditEvent } from './stores/audit/audit-store';
import type { KeyChanges } from './stores/audit/key-changes';
import { PrismaAuditRetention } from './stores/audit/prisma-audit-retention';
import { PrismaAuditSealer } from './stores/audit/prisma-audit-sealer';
import { PrismaAuditTrail } from './stores/audit/prisma-audit-trail';
import { PrismaKeyChanges } from './stores/audit/prisma-key-changes';
import type { HousekeepingStore } from './stores/housekeeping/housekeeping-store';
import { PrismaHousekeepingStore } from './stores/housekeeping/prisma-housekeeping-store';
import type { KeyUseStore } from './stores/key-use/key-use-store';
import { PrismaKeyUseStore } from './stores/key-use/prisma-key-use-store';
import type { Database } from './stores/postgres/database';
import { deriveKeys } from './tokens/keyring';

/** What keeps the record in order beside the requests. */
export interface KeepingStores {
  readonly housekeepingStore: HousekeepingStore;
  readonly auditSealer: AuditSealer;
  /** Undefined where the audit trail is kept for ever. */
  readonly auditRetention: AuditRetention | undefined;
  readonly keyChanges: KeyChanges;
  readonly keyUseStore: KeyUseStore;
}

export interface KeepingOptions {
  /** May take its time, which a request may not. */
  readonly unhurried: Database;
  /** The same; of its own, so that sealing waits for no housekeeping. */
  readonly sealing: Database;
  readonly clock: Clock;
  readonly secretKeys: readonly string[];
  /** Whole days that audit events are kept; 0 for ever. */
  readonly auditRetentionDays: number;
  readonly onAudit: (event: AuditEvent) => void;
}

export function keepingStores(options: KeepingOptions): KeepingStores {
  const { unhurried, sealing, clock, secretKeys, auditRetentionDays: days, onAudit } = options;
  const seal = new AuditSeal(deriveKeys(secretKeys, 'audit'));
  const trail = new PrismaAuditTrail({ database: unhurried, clock, seal, onWritten: onAudit });
  return {
    housekeepingStore: new PrismaHousekeepingStore(unhurried, clock),
    auditSealer: new PrismaAuditSealer({ database: sealing, clock, seal, onWritten: onAudit }),
    auditRetention: days === 0 ? undefined : new PrismaAuditRetention({ trail, clock, seal, days }),
    keyChanges: new PrismaKeyChanges(trail, seal),
    keyUseStore: new PrismaKeyUseStore(unhurried),
  };
}
