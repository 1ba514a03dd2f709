import type { Counter, Registry } from 'prom-client';
import { type OtpPurpose, PUBLIC_OTP_PURPOSES } from '../stores/otp/otp-store';
import { counterOf } from './known-counter';

/** What is attempted, and by what: `method` is what was presented, or where it was carried. */
export type Attempt =
  | { readonly action: 'login'; readonly method: 'password' | 'otp' }
  | { readonly action: 'refresh'; readonly method: 'body' | 'cookie' }
  | { readonly action: 'password_reset'; readonly method: 'token' };

/** How far an account has come: asked for, its e-mail proved, logged in to for the first time. */
export type FunnelStage = 'registered' | 'verified' | 'first_login';

/** How a login by password fails that is not refused by a limit. The alert of stuffing reads them all. */
const LOGIN_FAILURES = ['invalid_credentials', 'email_not_verified', 'account_disabled'];

/** Every attempt, and the codes by which it fails where the client is wrong. */
const ATTEMPTS: readonly (readonly [Attempt, wrong: readonly string[]])[] = [
  [{ action: 'login', method: 'password' }, LOGIN_FAILURES],
  [{ action: 'login', method: 'otp' }, ['invalid_otp']],
  [{ action: 'refresh', method: 'body' }, ['invalid_refresh_token', 'refresh_token_reused']],
  [{ action: 'refresh', method: 'cookie' }, ['invalid_refresh_token', 'refresh_token_reused']],
  [{ action: 'password_reset', method: 'token' }, ['invalid_reset_token']],
];
const LIMITED = 'rate_limited';
const STAGES: readonly FunnelStage[] = ['registered', 'verified', 'first_login'];
const PURPOSES: readonly OtpPurpose[] = [...PUBLIC_OTP_PURPOSES, 'change_email'];

const endOf = (problem: string | null) =>
  problem === null ? { outcome: 'success', reason: 'none' } : { outcome: 'failure', reason: problem };

/** Who logs in, and how that ends. `problem` is the code of the answer, null for a success: a bounded set. */
export class AuthMetrics {
  readonly #loginRequests: Counter<'outcome'>;
  readonly #successes: Counter<'method'>;
  readonly #attempts: Counter<'action' | 'method' | 'outcome' | 'reason'>;
  readonly #otpAttempts: Counter<'purpose' | 'method' | 'outcome' | 'reason'>;
  readonly #otpRequests: Counter<'purpose'>;
  readonly #funnel: Counter<'stage'>;
  readonly #reuses: Counter;

  constructor(registry: Registry) {
    this.#loginRequests = counterOf(registry, {
      name: 'login_requests_total',
      help: 'Well-formed logins by password, refused ones too',
      labelNames: ['outcome'],
      known: ['success', ...LOGIN_FAILURES, LIMITED].map((outcome) => ({ outcome })),
    });
    this.#successes = counterOf(registry, {
      name: 'auth_success_total',
      help: 'Logins that succeeded',
      labelNames: ['method'],
      known: [{ method: 'password' }, { method: 'otp' }],
    });
    this.#attempts = counterOf(registry, {
      name: 'auth_attempts_total',
      help: 'Well-formed logins, refreshes and password resets, refused ones too',
      labelNames: ['action', 'method', 'outcome', 'reason'],
      known: ATTEMPTS.flatMap(([attempt, wrong]) =>
        [null, ...wrong, LIMITED].map((problem) => ({ ...attempt, ...endOf(problem) })),
      ),
    });
    this.#otpAttempts = counterOf(registry, {
      name: 'otp_attempts_total',
      help: 'One-time passwords presented in a well-formed call',
      labelNames: ['purpose', 'method', 'outcome', 'reason'],
      known: PURPOSES.flatMap((purpose) =>
        (['digits', 'token'] as const).flatMap((method) =>
          [null, 'invalid_otp', LIMITED].map((problem) => ({ purpose, method, ...endOf(problem) })),
        ),
      ),
    });
    this.#otpRequests = counterOf(registry, {
      name: 'otp_requests_total',
      help: 'Calls that asked for a one-time password and were answered 202',
      labelNames: ['purpose'],
      known: PURPOSES.map((purpose) => ({ purpose })),
    });
    this.#funnel = counterOf(registry, {
      name: 'account_funnel_total',
      help: 'Accounts by the stage that they have come to',
      labelNames: ['stage'],
      known: STAGES.map((stage) => ({ stage })),
    });
    this.#reuses = counterOf(registry, {
      name: 'tokens_reused_total',
      help: 'Refresh tokens that came again when they must not',
      labelNames: [],
    });
  }

  countAttempt(attempt: Attempt, problem: string | null): void {
    const { action, method } = attempt;
    this.#attempts.inc({ action, method, ...endOf(problem) });
    if (action !== 'login') return;
    if (method === 'password') this.#loginRequests.inc({ outcome: problem ?? 'success' });
    if (problem === null) this.#successes.inc({ method });
  }

  countOtpAttempt(purpose: OtpPurpose, method: 'digits' | 'token', problem: string | null): void {
    this.#otpAttempts.inc({ purpose, method, ...endOf(problem) });
  }

  countOtpRequest(purpose: OtpPurpose): void {
    this.#otpRequests.inc({ purpose });
  }

  countStage(stage: FunnelStage): void {
    this.#funnel.inc({ stage });
  }

  countReuse(): void {
    this.#reuses.inc();
  }
}
