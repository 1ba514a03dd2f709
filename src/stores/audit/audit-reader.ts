import type { AuditEvent, AuditType } from './audit-store';

/** From (inclusive) to (exclusive) these times, in milliseconds since the epoch. */
export interface AuditRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface AuditQuery extends AuditRange {
  readonly limit: number;
  /** Goes on after the event with this id. */
  readonly after?: string | undefined;
  /** Who acted, or whom it happened to. */
  readonly userId?: string | undefined;
  readonly type?: AuditType | undefined;
}

/** Reads the audit trail, whether or not it is intact. All methods throw `DependencyUnavailable`. */
export interface AuditReader {
  /** The newest first; `more` says whether there are others after them. */
  list(query: AuditQuery): Promise<{ readonly events: readonly AuditEvent[]; readonly more: boolean }>;
  /** The oldest first, in batches that are read as they are asked for. */
  walk(range: AuditRange): AsyncIterable<readonly AuditEvent[]>;
}
