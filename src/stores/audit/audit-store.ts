/** What is told, by OWASP's logging vocabulary. */
export const AUDIT_TYPES = [
  'authn_login_success',
  'authn_login_fail',
  /** A code had its tries, or the account its wrong tries of the day. */
  'authn_login_fail_max',
  /** An account was disabled. */
  'authn_login_lock',
  'authn_password_change',
  'authn_token_created',
  'authn_token_revoked',
  'authn_token_reuse',
  'authz_fail',
  /** An act on the service itself: allow-list, limits, keys. */
  'authz_admin',
  'privilege_permissions_changed',
  'excess_rate_limit_exceeded',
  'sensitive_read',
  'user_created',
  'user_updated',
  'user_deleted',
] as const;

export type AuditType = (typeof AUDIT_TYPES)[number];

/** `attempted` stands before an act whose effect no transaction holds; an act that came to be tells of itself again. */
export type AuditOutcome = 'success' | 'failure' | 'attempted';

/** Who acts, from where, in which request. */
export interface Origin {
  /** A user's id; null for somebody unknown, and for the command line. */
  readonly actorId: string | null;
  /** As limits see it. */
  readonly address: string;
  readonly requestId: string;
  /** Of a request: for the log, not for the trail. */
  readonly traceId?: string;
}

/** Something that happened. Ids, words and numbers; never an e-mail, a name, a secret. */
export interface Act {
  readonly type: AuditType;
  /** `success` unless said. */
  readonly outcome?: AuditOutcome;
  /** Whom it happened to, where that is a user. */
  readonly subjectId: string | null;
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** An event as it was written. */
export interface AuditEvent {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly type: AuditType;
  readonly outcome: AuditOutcome;
  readonly actorId: string | null;
  readonly subjectId: string | null;
  /** Null once the user whose key it was under is gone. */
  readonly address: string | null;
  readonly requestId: string;
  /** As it happened in a request; not kept. */
  readonly traceId?: string;
  readonly details: NonNullable<Act['details']>;
}

/** A refusal of nobody in particular. */
export interface Refusal {
  readonly type: AuditType;
  /** The code of the problem. */
  readonly code: string;
  readonly address: string;
}

/** How often it came in the minute that `at` (milliseconds since the epoch) falls in. */
export interface RefusalSum {
  readonly at: number;
  readonly refusal: Refusal;
  readonly count: number;
}

/** The audit trail. All methods throw `DependencyUnavailable`. */
export interface AuditStore {
  /** Writes an event that no change goes with. */
  record(origin: Origin, act: Act): Promise<void>;
  /** Adds to the sums, all or none; each minute, type, code and address once. */
  addRefusals(sums: readonly RefusalSum[]): Promise<void>;
}
