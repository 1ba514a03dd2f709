import type { RequestHandler } from 'express';
import type { Tracing } from '../observability/tracing';
import { methodOf, statusOf } from './http-metrics';
import { contextOf, UNMATCHED } from './request-context';

/** Makes a span of every request, which the log line then names. Mounted where tracing is on. */
export function traceRequests(tracing: Tracing): RequestHandler {
  return (request, response, next) => {
    const context = contextOf(response);
    const span = tracing.beginRequest(methodOf(request), context.traceParent);
    context.traceId = span.traceId;
    context.spanId = span.spanId;
    response.once('close', () => {
      const { route, problem } = context;
      const [method, status] = [methodOf(request), statusOf(response)];
      span.end({ method, status, problem, route: route === UNMATCHED ? undefined : route });
    });
    span.within(next);
  };
}
