import type { Origin } from './audit-store';

/** From (inclusive) to (exclusive) these times, in milliseconds since the epoch. */
export interface ExportRange {
  readonly from: number;
  readonly to: number;
}

/** An export that has begun. */
export interface BegunExport extends ExportRange {
  readonly id: string;
  /** What was sealed by then: it holds all of that between its times. */
  readonly throughSeq: bigint;
}

/** Exports of the audit trail, each told of in it. All methods throw `DependencyUnavailable`. */
export interface AuditExports {
  /** Told of as attempted, before anything is read. */
  begin(range: ExportRange, by: Origin): Promise<BegunExport>;
  /** Told of as done, once all of it is out: what it holds may be removed when it is old enough. */
  complete(begun: BegunExport, events: number, by: Origin): Promise<void>;
}
