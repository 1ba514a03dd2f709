import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Limiter } from '../limits/limiter';
import type { Audit } from '../observability/audit';
import type { Logger } from '../observability/logger';
import { HashingOverloaded } from '../passwords/hashing-queue';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { StoreFull } from '../stores/store-full';
import { Problem, problemBody } from './problem';
import { rateLimited } from './rate-limiter';
import { contextOf, originOf, UNMATCHED } from './request-context';

/** Ends whatever no route took. */
export function notFound(): RequestHandler {
  return () => {
    throw new Problem('not_found');
  };
}

/**
 * Lets each address miss the routes only so often: by the global policy, counted in this process, so that it holds
 * whatever the store does. Nothing of it shows before the 429, for it is not the bucket of the calls that do exist.
 */
export function limitMisses(local: Limiter, audit: Pick<Audit, 'refused'>): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    const { route, address } = contextOf(response);
    const { problem } = asProblem(error);
    if (problem !== 'method_not_allowed' && !(problem === 'not_found' && route === UNMATCHED)) {
      next(error);
      return;
    }
    local
      .take([{ policy: 'global', parts: ['miss', address] }])
      .then(({ allowed, retryInMs }) => {
        if (allowed) return next(error);
        audit.refused(originOf(response), 'rate_limited');
        next(rateLimited(retryInMs));
      })
      .catch(next);
  };
}

/** Turns every error into a problem; what is not one of ours is logged whole and shown as `internal_error`. */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const problem = asProblem(error);
    const context = contextOf(response);
    context.problem = problem.code;
    if (problem.status >= 500) {
      logger.error({
        requestId: context.requestId,
        traceId: context.traceId,
        problem: problem.code,
        err: problem.extras.cause,
      });
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    setProblemHeaders(response, problem);
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemBody(problem, context.requestId)));
  };
}

/** What a client is told of an error: only a `Problem` says more than that something went wrong. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DependencyUnavailable) {
    return new Problem('dependency_unavailable', {
      retryAfterSeconds: 1,
      detail: 'A part of the service is away. Try again in a moment.',
      cause: error,
    });
  }
  if (error instanceof HashingOverloaded) {
    return new Problem('overloaded', {
      retryAfterSeconds: error.retryAfterSeconds,
      detail: 'The service is busy. Try again in a moment.',
      cause: error,
    });
  }
  if (error instanceof StoreFull) {
    return new Problem('overloaded', {
      retryAfterSeconds: 1,
      detail: 'The service is busy. Try again in a moment.',
      cause: error,
    });
  }
  // A path with ill-formed percent-encoding names nothing.
  if (error instanceof URIError) return new Problem('not_found');
  return new Problem('internal_error', { cause: error });
}

function setProblemHeaders(response: Response, problem: Problem): void {
  if (problem.extras.retryAfterSeconds !== undefined) {
    response.setHeader('Retry-After', problem.extras.retryAfterSeconds);
  }
  if (problem.status === 401) {
    response.setHeader(
      'WWW-Authenticate',
      problem.problem === 'invalid_token' ? 'Bearer error="invalid_token"' : 'Bearer',
    );
  }
}
