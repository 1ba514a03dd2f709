import type { Audit } from './observability/audit';
import type { Logger } from './observability/logger';
import type { AuditSealer } from './stores/audit/audit-sealer';

/** Milliseconds between two rounds: so long an event can be removed without a trace. */
const ROUND_MS = 1_000;
/** Rounds after which sums of refusals are written down. */
const FLUSH_ROUNDS = 5;

export interface AuditKeepingOptions {
  readonly sealer: AuditSealer;
  readonly audit: Audit;
  readonly logger: Logger;
}

/**
 * Begins to write down and seal what the audit trail is told of, once a second; every process does, and one at a time
 * gets to. Returns what ends it, with a last round that leaves nothing unsealed and signs a checkpoint.
 */
export function startAuditKeeping(options: AuditKeepingOptions): { stop(): Promise<void> } {
  const keeping = new AuditKeeping(options);
  let timer: NodeJS.Timeout;
  let round = Promise.resolve();
  let rounds = 0;
  const next = () => {
    timer = setTimeout(() => {
      rounds += 1;
      round = keeping.round({ flush: rounds % FLUSH_ROUNDS === 0, closing: false }).finally(next);
    }, ROUND_MS);
    timer.unref();
  };
  next();
  return {
    stop: async () => {
      clearTimeout(timer);
      await round;
      // The round that was under way has set another.
      clearTimeout(timer);
      await keeping.round({ flush: true, closing: true });
    },
  };
}

class AuditKeeping {
  readonly #options: AuditKeepingOptions;
  #failing = false;

  constructor(options: AuditKeepingOptions) {
    this.#options = options;
  }

  /** Never throws: what fails is logged once until it goes again, and done by a later round. */
  async round({ flush, closing }: { readonly flush: boolean; readonly closing: boolean }): Promise<void> {
    const { audit, logger } = this.#options;
    try {
      if (flush) await audit.flush();
      await this.#seal(closing);
      if (this.#failing) logger.info('the audit trail is sealed again');
      this.#failing = false;
    } catch (err) {
      if (!this.#failing) logger.error({ err }, 'the audit trail cannot be sealed; tried again every second');
      this.#failing = true;
    }
  }

  async #seal(closing: boolean): Promise<void> {
    const { sealer, logger } = this.#options;
    const sealing = await sealer.seal(closing);
    if (sealing?.broken !== undefined) {
      const message = 'the audit chain was broken, and goes on behind the break: run npm run audit:verify';
      logger.error({ reason: sealing.broken }, message);
    }
    if (sealing?.checkpoint !== undefined) {
      logger.info({ auditCheckpoint: sealing.checkpoint }, 'audit checkpoint');
    }
  }
}
