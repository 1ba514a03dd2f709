import type { Request, RequestHandler, Response } from 'express';
import { type Logger, withoutRedaction } from '../observability/logger';
import type { Metrics } from '../observability/metrics';
import { contextOf } from './request-context';

/** Methods that may stand in a label; a client can send any word. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What nobody was told, written as nginx does. */
const CLIENT_GONE = 499;

/** Counts and logs every request once, when its answer is out or its client gone. The raw path shows in neither. */
export function observeRequests(metrics: Metrics, logger: Logger): RequestHandler {
  const lines = withoutRedaction(logger);
  return (request, response, next) => {
    metrics.requests.begun();
    response.once('close', () => {
      const context = contextOf(response);
      const seconds = (performance.now() - context.startedAt) / 1000;
      const method = methodOf(request);
      const status = statusOf(response);
      metrics.requests.ended(context.route, method, status, seconds, context.problem);
      lines.info({
        requestId: context.requestId,
        traceId: context.traceId,
        spanId: context.spanId,
        method,
        route: context.route,
        status,
        ms: Math.round(seconds * 10_000) / 10,
        address: context.address,
        subject: context.subject,
        problem: context.problem,
      });
    });
    next();
  };
}

/** As labels and spans may show it. */
export function methodOf({ method }: Request): string {
  return METHODS.has(method) ? method : 'OTHER';
}

/** Of a request that has ended. */
export function statusOf({ headersSent, statusCode }: Response): number {
  return headersSent ? statusCode : CLIENT_GONE;
}
