import type { Mailer } from '../mail/mailer';
import type { HashingEvents } from '../passwords/hashing-queue';
import type { DependencyEvents } from './dependency-metrics';
import type { TraceParent } from './trace-parent';

/** How a request ended, for its span: the pattern of its route, and no path, id or address. */
export interface RequestEnd {
  readonly method: string;
  /** Undefined where no route took it. */
  readonly route: string | undefined;
  readonly status: number;
  /** The code that the answer carries, if it is one of 400 and above. */
  readonly problem: string | undefined;
}

/** The span of one request. */
export interface RequestSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Does the work; whatever that causes, and waits for, counts as part of this span. */
  within(work: () => void): void;
  end(end: RequestEnd): void;
}

/**
 * Spans of what the service does, where tracing is on. They hold names and codes alone. Nothing of it ever fails or waits:
 * a collector that is away costs spans.
 */
export interface Tracing {
  /** Without a parent it begins a trace. */
  beginRequest(method: string, parent: TraceParent | undefined): RequestSpan;
  /** The same events, each of which then also makes a span of the request that caused it. */
  ofDependencies(events: DependencyEvents): DependencyEvents;
  ofHashing(events: HashingEvents): HashingEvents;
  /** The same mailer, whose mails make a trace each: they go out after the request that caused them. */
  ofMails(mailer: Mailer): Mailer;
  /** Sends what has ended. Never throws; takes as long as the collector does, at most 5 s. */
  close(): Promise<void>;
}
