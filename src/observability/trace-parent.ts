/** A caller's place in a trace, as its `traceparent` header tells it (W3C Trace Context). */
export interface TraceParent {
  readonly traceId: string;
  /** The caller's span. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Of a later version what this one has is read, and what follows after a dash is not looked at. */
const KNOWN_PART =
  /^(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2}(?=.{53}(?:-|$)))-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/;

/** Undefined for what is not exactly one header that can be read as version 00: it counts as not sent. */
export function parseTraceParent(header: unknown): TraceParent | undefined {
  if (typeof header !== 'string') return undefined;
  const [, traceId, spanId, flags] = KNOWN_PART.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(String(flags), 16) & 1) === 1 };
}
