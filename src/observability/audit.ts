import type { Clock } from '../clock';
import type { Act, AuditStore, AuditType, Origin } from '../stores/audit/audit-store';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import type { Logger } from './logger';
import { RefusalTally } from './refusal-tally';
import { logSecurityEvent } from './security-events';

export interface AuditOptions {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Refusals of signed-in users told of one by one: in a minute, and at the same time. */
const MOST_TOLD = 10_000;
const MOST_RECORDING = 10;

/** Problems that refuse somebody, and what they are told as. Those of a wrong password or code are told where it is checked. */
const REFUSALS: Readonly<Record<string, AuditType>> = {
  unauthenticated: 'authz_fail',
  invalid_token: 'authz_fail',
  invalid_refresh_token: 'authz_fail',
  invalid_reset_token: 'authz_fail',
  forbidden: 'authz_fail',
  reauthentication_required: 'authz_fail',
  address_not_allowed: 'authz_fail',
  cross_site: 'authz_fail',
  last_admin: 'authz_fail',
  would_lock_out: 'authz_fail',
  rate_limited: 'excess_rate_limit_exceeded',
};

/**
 * Tells the audit trail of what no change of the record goes with; changes tell of themselves, in their own transaction.
 * Refusals of nobody in particular are summed up per minute, so that a flood of them is cheap.
 */
export class Audit {
  readonly #options: AuditOptions;
  readonly #tally: RefusalTally;
  /** Events of refusals that are being written. */
  readonly #recording = new Set<Promise<void>>();
  /** Who was told of in this minute, for what. */
  readonly #told = new Set<string>();
  #minute = 0;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#tally = new RefusalTally(options.store, options.clock);
  }

  /** Writes an event of its own. Throws `DependencyUnavailable`: what cannot be told must not be done. */
  async record(origin: Origin, act: Act): Promise<void> {
    await this.#options.store.record(origin, act);
  }

  /**
   * Tells of a login, code or password that was refused, before the answer goes out: one statement is
   * committed, whether or not there is such a user. Throws `DependencyUnavailable`.
   */
  async loginFailed(
    origin: Origin,
    subjectId: string | undefined,
    details: { readonly method: string; readonly reason: string; readonly purpose?: string },
  ): Promise<void> {
    const { store, clock, logger } = this.#options;
    const type = details.reason === 'exhausted' ? 'authn_login_fail_max' : 'authn_login_fail';
    const outcome = 'failure';
    if (subjectId !== undefined) return store.record(origin, { type, outcome, subjectId, details });
    const refusal = { type, code: details.reason, address: origin.address } as const;
    await store.addRefusals([{ at: clock.now(), refusal, count: 1 }]);
    logSecurityEvent(logger, { type, outcome, ...origin, subjectId: null, details });
  }

  /**
   * Tells of a request that ended in this problem, if that refuses somebody, and keeps nobody waiting for it: of somebody
   * signed in once a minute by an event that names them, of all else by a sum.
   */
  refused(origin: Origin, problem: string): void {
    const type = REFUSALS[problem];
    if (type === undefined) return;
    const { actorId, address } = origin;
    const refusal = { type, code: problem, address };
    if (actorId === null || !this.#isFirst(`${actorId} ${problem}`)) {
      this.#tally.add(refusal);
      return;
    }
    const act: Act = { type, outcome: 'failure', subjectId: actorId, details: { code: problem } };
    const recording = this.#options.store
      .record(origin, act)
      .catch((error: unknown) => {
        const { requestId, traceId } = origin;
        if (!(error instanceof DependencyUnavailable))
          this.#options.logger.error({ requestId, traceId, err: error });
        this.#tally.add(refusal);
      })
      .finally(() => this.#recording.delete(recording));
    this.#recording.add(recording);
  }

  /** Whether this is new in this minute, and not too much is being told already. */
  #isFirst(what: string): boolean {
    const minute = Math.floor(this.#options.clock.now() / 60_000);
    if (minute !== this.#minute) this.#told.clear();
    this.#minute = minute;
    if (this.#told.has(what) || this.#told.size >= MOST_TOLD || this.#recording.size >= MOST_RECORDING) {
      return false;
    }
    this.#told.add(what);
    return true;
  }

  /** Writes the sums down. Throws `DependencyUnavailable`: they are kept then. */
  async flush(): Promise<void> {
    await Promise.all(this.#recording);
    await this.#tally.flush();
  }
}
