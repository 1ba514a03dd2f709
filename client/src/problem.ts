import type { components } from './schema.js';

/** What the service answers where a call did not do (RFC 9457). */
export type Problem = components['schemas']['Problem'];

/** Every `code` that a problem can have. */
export type ProblemCode = Problem['code'];

/**
 * No answer of the service's came: it cannot be reached, went silent, or something in between answered for it. What was
 * sent may have been done all the same.
 */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';

  constructor(
    cause: unknown,
    /** What came instead, if something did: an empty answer, a proxy's page. */
    readonly response?: Response,
  ) {
    super('no answer from the service', { cause });
  }
}

/** A problem where it is thrown: by `accessToken()`. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly problem: Problem,
    response: Response,
  ) {
    super(`${problem.code}: ${problem.detail}`);
    this.retryAfterSeconds = retryAfterSeconds(response);
  }
}

/** Seconds after which to try again, as a 429 or 503 says; nothing here waits by itself. */
export function retryAfterSeconds({ headers }: Response): number | undefined {
  const value = headers.get('Retry-After');
  return value !== null && /^\d+$/.test(value) ? Number(value) : undefined;
}
