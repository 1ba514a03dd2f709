import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import { clientAddress } from '../limits/client-address';
import { parseTraceParent, type TraceParent } from '../observability/trace-parent';
import type { Origin } from '../stores/audit/audit-store';

/** What every request carries from its first to its last step. */
export interface RequestContext {
  readonly requestId: string;
  /** The client as limits see it: an IPv4 address, an IPv6 /64, or `unknown`. */
  readonly address: string;
  /** The client's whole address, as the peer or a trusted proxy gave it: unchecked. */
  readonly peer: string | undefined;
  /** As the client names itself, cut to 256 characters. */
  readonly userAgent: string;
  /** `performance.now()` at the start. */
  readonly startedAt: number;
  /** The caller's place in a trace, if it told of one. */
  readonly traceParent: TraceParent | undefined;
  /** The caller's, or one made here. */
  traceId: string;
  /** The span that this request is part of: its own where tracing is on, else the caller's. */
  spanId: string | undefined;
  /** The pattern that matched, for metrics and logs; never the raw path. */
  route: string;
  /** The code of the problem it ended in. */
  problem?: string;
  /** Who asked, once authenticated: a user's or a guest's id. */
  subject?: string;
  /** The same where it is a user with a session. */
  userId?: string;
}

const CLIENT_REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;
const CONTEXT = 'context';

/** The route of what no route took. */
export const UNMATCHED = 'unmatched';

/** Begins the context, and answers with `X-Request-Id`. */
export function requestContext(): RequestHandler {
  return (request, response, next) => {
    const offered = request.get('x-request-id');
    const made = randomUUID();
    const traceParent = parseTraceParent(request.headers['traceparent']);
    const context: RequestContext = {
      requestId: offered !== undefined && CLIENT_REQUEST_ID.test(offered) ? offered : made,
      address: clientAddress(request.ip),
      peer: request.ip,
      userAgent: (request.get('user-agent') ?? '').slice(0, 256),
      startedAt: performance.now(),
      traceParent,
      // The lower half of a UUID is as random as W3C asks for.
      traceId: traceParent?.traceId ?? made.replaceAll('-', ''),
      spanId: traceParent?.spanId,
      route: UNMATCHED,
    };
    response.locals[CONTEXT] = context;
    response.setHeader('X-Request-Id', context.requestId);
    next();
  };
}

/** Who is behind this request, as far as that is known by now. */
export function originOf(response: Response): Origin {
  const { userId, address, requestId, traceId } = contextOf(response);
  return { actorId: userId ?? null, address, requestId, traceId };
}

/** The context that `requestContext` began. */
export function contextOf(response: Response): RequestContext {
  return response.locals[CONTEXT] as RequestContext;
}
