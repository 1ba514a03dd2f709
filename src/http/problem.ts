/** Every problem a client can meet: `code` → HTTP status and title (RFC 9457). The contract's table, and nothing else. */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  validation_failed: { status: 400, title: 'The request is not as this call expects it' },
  invalid_otp: { status: 400, title: 'The code is not valid' },
  invalid_reset_token: { status: 400, title: 'The reset token is not valid' },
  unauthenticated: { status: 401, title: 'An access token is needed' },
  invalid_token: { status: 401, title: 'The access token is not valid' },
  invalid_credentials: { status: 401, title: 'E-mail or password is wrong' },
  invalid_refresh_token: { status: 401, title: 'The refresh token is not valid' },
  refresh_token_reused: { status: 401, title: 'The refresh token was used before; the session has ended' },
  forbidden: { status: 403, title: 'Not allowed' },
  wrong_password: { status: 403, title: 'The password is wrong', code: 'invalid_credentials' },
  email_not_verified: { status: 403, title: 'The e-mail address has not been verified' },
  account_disabled: { status: 403, title: 'The account is disabled' },
  reauthentication_required: { status: 403, title: 'The password has to be given again' },
  address_not_allowed: { status: 403, title: 'Not allowed from this address' },
  cross_site: { status: 403, title: 'Not allowed from another site' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  last_admin: { status: 409, title: 'No active admin would be left' },
  would_lock_out: { status: 409, title: 'No lasting entry would cover your own address' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json in UTF-8' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
  dependency_unavailable: { status: 503, title: 'A part of the service is away' },
  overloaded: { status: 503, title: 'The service is busy' },
} as const satisfies Record<string, { status: number; title: string; code?: string }>;

/** A row of the catalogue. `wrong_password` is `invalid_credentials` of a signed-in user, which is a 403. */
export type ProblemName = keyof typeof PROBLEMS;

export interface MemberError {
  /** Dotted path of the member, empty for the body as a whole. */
  readonly path: string;
  readonly message: string;
}

export interface ProblemExtras {
  readonly detail?: string;
  readonly errors?: readonly MemberError[];
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds?: number;
  /** The underlying fault: logged, never sent. */
  readonly cause?: unknown;
}

/**
 * Thrown where a request ends in one of the catalogue's problems. It is an answer and no fault, so no `Error`: where it was
 * thrown nobody asks, and to note that costs more than the rest of a refusal here.
 */
export class Problem {
  readonly status: number;
  /** The code that the client sees. */
  readonly code: string;
  readonly title: string;

  constructor(
    readonly problem: ProblemName,
    readonly extras: ProblemExtras = {},
  ) {
    const entry: { status: number; title: string; code?: string } = PROBLEMS[problem];
    this.status = entry.status;
    this.code = entry.code ?? problem;
    this.title = entry.title;
  }
}

/** Every code that an answer can carry. */
export const PROBLEM_CODES: readonly string[] = [
  ...new Set((Object.keys(PROBLEMS) as ProblemName[]).map((name) => new Problem(name).code)),
];

/** Throws a 400 `validation_failed` that names the member, if there is a reason to refuse it. */
export function refuseMember(path: string, reason: string): never;
export function refuseMember(path: string, reason: string | undefined): void;
export function refuseMember(path: string, reason: string | undefined): void {
  if (reason !== undefined) throw new Problem('validation_failed', { errors: [{ path, message: reason }] });
}

/** The `application/problem+json` body. */
export function problemBody(problem: Problem, requestId: string) {
  return {
    type: `urn:tollgate:problem:${problem.code}`,
    title: problem.title,
    status: problem.status,
    detail: problem.extras.detail ?? `${problem.title}.`,
    code: problem.code,
    requestId,
    ...(problem.status === 400 && { errors: problem.extras.errors ?? [] }),
  };
}
