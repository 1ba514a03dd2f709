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

/** Problems that refuse somebody, and what they are told as. Those of a wrong password or code are told where it is checked. */
const REFUSALS: Readonly<Record<string, AuditType>> = {
  unauthenticated: 'authz_fail',
  invalid_token: 'authz_fail',
  invalid_refresh_token: 'authz_fail',
  forbidden: 'authz_fail',
  reauthentication_required: 'authz_fail',
  address_not_allowed: 'authz_fail',
  cross_site: 'authz_fail',
  rate_limited: 'excess_rate_limit_exceeded',
};

/**
 * Tells the audit trail of what no change of the record goes with; changes tell of themselves, in their own transaction.
 * Refusals of nobody in particular are summed up per minute, so that a flood of them is cheap.
 */
export class Audit {
  readonly #options: AuditOptions;
  readonly #tally: RefusalTally;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#tally = new RefusalTally(options.store, options.clock);
  }

  /** Writes an event of its own. Throws `DependencyUnavailable`: what cannot be told must not be done. */
  async record(origin: Origin, act: Act): Promise<void> {
    await this.#options.store.record(origin, act);
  }

  /**
   * Tells of a login, code or password that was refused, before the answer goes out: one statement, whether or not
   * there is such a user. Throws `DependencyUnavailable`.
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

  /** Tells of a request that ended in this problem, if that refuses somebody. Never throws `DependencyUnavailable`. */
  async refused(origin: Origin, problem: string): Promise<void> {
    const type = REFUSALS[problem];
    if (type === undefined) return;
    const { actorId, address } = origin;
    if (actorId === null) return this.#tally.add({ type, code: problem, address });
    const act: Act = { type, outcome: 'failure', subjectId: actorId, details: { code: problem } };
    await this.#options.store.record(origin, act).catch((error: unknown) => {
      // The request is refused all the same; the sum keeps that it was.
      if (!(error instanceof DependencyUnavailable)) throw error;
      this.#tally.add({ type, code: problem, address });
    });
  }

  /** Writes the sums down. Throws `DependencyUnavailable`: they are kept then. */
  async flush(): Promise<void> {
    await this.#tally.flush();
  }
}
