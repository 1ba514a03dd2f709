import type { Clock } from './clock';
import type { Config } from './config';
import type { HealthCheck } from './health';
import { type KeepingStores, keepingStores } from './keeping-stores';
import type { Mailer } from './mail/mailer';
import { SmtpMailer } from './mail/smtp-mailer';
import type { DependencyEvents, PoolName } from './observability/dependency-metrics';
import type { Followed } from './observability/metrics';
import { memoryStores, redisStores, type StateStores } from './state-stores';
import type { AccountStore } from './stores/account/account-store';
import type { CredentialStore } from './stores/account/credential-store';
import { PrismaAccountStore } from './stores/account/prisma-account-store';
import { PrismaCredentialStore } from './stores/account/prisma-credential-store';
import { PrismaStandingStore } from './stores/account/prisma-standing-store';
import type { StandingStore } from './stores/account/standing-store';
import type { AllowlistStore } from './stores/allowlist/allowlist-store';
import { PrismaAllowlistStore } from './stores/allowlist/prisma-allowlist-store';
import type { AuditBacklog } from './stores/audit/audit-backlog';
import type { AuditExports } from './stores/audit/audit-exports';
import type { AuditReader } from './stores/audit/audit-reader';
import { AuditSeal } from './stores/audit/audit-seal';
import type { AuditEvent, AuditStore } from './stores/audit/audit-store';
import { PrismaAuditBacklog } from './stores/audit/prisma-audit-backlog';
import { PrismaAuditExports } from './stores/audit/prisma-audit-exports';
import { PrismaAuditReader } from './stores/audit/prisma-audit-reader';
import { PrismaAuditTrail } from './stores/audit/prisma-audit-trail';
import type { EmailChangeStore } from './stores/email-change/email-change-store';
import { PrismaEmailChangeStore } from './stores/email-change/prisma-email-change-store';
import type { LimitOverrideStore } from './stores/limit-override/limit-override-store';
import { PrismaLimitOverrideStore } from './stores/limit-override/prisma-limit-override-store';
import type { OutboxStore } from './stores/outbox/outbox-store';
import { PrismaOutboxStore } from './stores/outbox/prisma-outbox-store';
import type { PersonalDataStore } from './stores/personal-data/personal-data-store';
import { PrismaPersonalDataStore } from './stores/personal-data/prisma-personal-data-store';
import { Database, type DatabaseOptions } from './stores/postgres/database';
import { openRedis } from './stores/redis/redis';
import { PrismaSessionRecordStore } from './stores/session-record/prisma-session-record-store';
import type { SessionRecordStore } from './stores/session-record/session-record-store';
import { PrismaUserDirectory } from './stores/user-directory/prisma-user-directory';
import type { UserDirectory } from './stores/user-directory/user-directory';
import { deriveKeys } from './tokens/keyring';

/** What a process keeps its state in: the record in PostgreSQL, and the working state in Redis or in the process. */
export interface Backends extends RecordStores, StateStores, KeepingStores {
  readonly mailer: Mailer;
  readonly healthChecks: readonly HealthCheck[];
  readonly postgresPools: Followed['postgresPools'];
  close(): Promise<void>;
}

export interface RecordStores {
  readonly accounts: AccountStore;
  readonly credentials: CredentialStore;
  readonly standings: StandingStore;
  readonly userDirectory: UserDirectory;
  readonly personalData: PersonalDataStore;
  readonly emailChanges: EmailChangeStore;
  readonly allowlistStore: AllowlistStore;
  readonly limitOverrideStore: LimitOverrideStore;
  readonly auditStore: AuditStore;
  readonly auditReader: AuditReader;
  readonly auditExports: AuditExports;
  readonly auditBacklog: AuditBacklog;
  readonly sessionRecords: SessionRecordStore;
  readonly outboxStore: OutboxStore;
}

export interface BackendEvents extends DependencyEvents {
  onRedisState(state: 'up' | 'down'): void;
  /** An audit event has been written. */
  onAudit(event: AuditEvent): void;
}

/** Opens what the configuration names. Connects lazily where it can: readiness tells what is away. */
export async function openBackends(config: Config, clock: Clock, events: BackendEvents): Promise<Backends> {
  const open = (pool: PoolName, bounds?: DatabaseOptions) =>
    new Database(config.databaseUrl, {
      ...bounds,
      onStatement: (seconds, operation) => events.onStatement(pool, seconds, operation),
    });
  const database = open('requests');
  // Housekeeping and counts over whole tables may take their time; a request may not.
  const unhurried = open('housekeeping', { poolSize: 1, statementMs: 60_000 });
  const sealing = open('sealing', { poolSize: 1, statementMs: 60_000 });
  const mailer = new SmtpMailer({ url: config.smtpUrl, from: config.mailFrom });
  const state = await openState(config, clock, events);
  return {
    ...recordStores({ database, clock, secretKeys: config.secretKeys, onAudit: events.onAudit }),
    ...keepingStores({ ...config, unhurried, sealing, clock, onAudit: events.onAudit }),
    ...state.stores,
    mailer,
    healthChecks: [
      { name: 'postgresql', required: true, check: () => database.check() },
      ...state.healthChecks,
      { name: 'smtp', required: false, check: () => mailer.check() },
    ],
    postgresPools: [
      { name: 'requests', state: () => database.poolState },
      { name: 'housekeeping', state: () => unhurried.poolState },
      { name: 'sealing', state: () => sealing.poolState },
    ],
    close: async () => {
      const databases = [database, unhurried, sealing].map((opened) => opened.close());
      await Promise.allSettled([mailer.close(), state.close(), ...databases]);
    },
  };
}

/** The record stores over one database. */
export function recordStores({
  database,
  clock,
  secretKeys,
  onAudit,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly secretKeys: readonly string[];
  readonly onAudit: BackendEvents['onAudit'];
}): RecordStores {
  const seal = new AuditSeal(deriveKeys(secretKeys, 'audit'));
  const audit = new PrismaAuditTrail({ database, clock, seal, onWritten: onAudit });
  return {
    accounts: new PrismaAccountStore(database, audit, clock),
    credentials: new PrismaCredentialStore(database, audit, clock),
    standings: new PrismaStandingStore(audit, clock),
    userDirectory: new PrismaUserDirectory(database, clock),
    personalData: new PrismaPersonalDataStore(database, clock),
    emailChanges: new PrismaEmailChangeStore(database, audit, clock),
    allowlistStore: new PrismaAllowlistStore(database, audit, clock),
    limitOverrideStore: new PrismaLimitOverrideStore(database, audit, clock),
    auditStore: audit,
    auditReader: new PrismaAuditReader(database, seal),
    auditExports: new PrismaAuditExports(database, audit, seal, clock),
    auditBacklog: new PrismaAuditBacklog(database, clock),
    sessionRecords: new PrismaSessionRecordStore(database, audit, clock),
    outboxStore: new PrismaOutboxStore(database, clock),
  };
}

async function openState(config: Config, clock: Clock, events: BackendEvents) {
  const options = { clock, maxAgeSeconds: config.sessionMaxAge };
  if (config.redisUrl === undefined) {
    const stores = memoryStores(options);
    return { stores, healthChecks: [], close: async () => {} };
  }
  const redis = await openRedis({
    url: config.redisUrl,
    onCommand: events.onRedisCommand,
    onCommandEnded: events.onRedisCommandEnded,
    onStateChange: events.onRedisState,
  });
  const healthChecks = [{ name: 'redis', required: true, check: () => redis.ready() }];
  return { stores: redisStores(redis, options), healthChecks, close: () => redis.close() };
}
