import type { RequestHandler } from 'express';
import type { Logger } from '../observability/logger';
import type { Metrics } from '../observability/metrics';
import { contextOf } from './request-context';

/** Methods that may stand in a label; a client can send any word. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What nobody was told, written as nginx does. */
const CLIENT_GONE = 499;

/** Counts and logs every request once, when its answer is out or its client gone. The raw path shows in neither. */
export function observeRequests(metrics: Metrics, logger: Logger): RequestHandler {
  return (request, response, next) => {
    metrics.requests.begun();
    response.once('close', () => {
      const context = contextOf(response);
      const seconds = (performance.now() - context.startedAt) / 1000;
      const method = METHODS.has(request.method) ? request.method : 'OTHER';
      const status = response.headersSent ? response.statusCode : CLIENT_GONE;
      metrics.requests.ended(context.route, method, status, seconds, context.problem);
      logger.info({
        requestId: context.requestId,
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
