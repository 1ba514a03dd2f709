import type { Logger } from './logger';

/** Security events by OWASP's logging vocabulary. */
export type SecurityEvent =
  | 'authn_login_success'
  | 'authn_login_fail'
  | 'authn_login_fail_max'
  | 'authn_password_change'
  | 'authn_token_reuse'
  | 'authn_token_revoked'
  | 'user_updated';

export interface SecurityEventDetails {
  readonly requestId: string;
  readonly address: string;
  /** Whom it happened to, where that is known; never an e-mail. */
  readonly userId?: string;
  readonly sessionId?: string;
  readonly method?: string;
}

/** Tells of what matters to whoever watches for attacks, as log lines of their own. */
export class SecurityEvents {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  record(event: SecurityEvent, details: SecurityEventDetails): void {
    this.#logger.info({ event, ...details });
  }
}
