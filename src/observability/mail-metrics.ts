import type { Counter, Registry } from 'prom-client';
import { MAIL_KINDS, type OutboxBacklog } from '../stores/outbox/outbox-store';
import { counterOf } from './known-counter';
import { scrapedGauges } from './scraped-gauges';

const OUTCOMES = ['sent', 'failed', 'given_up'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** Mails: what waits for its turn, and what became of the others. */
export class MailMetrics {
  readonly #registry: Registry;
  readonly #mails: Counter<'kind' | 'outcome'>;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#mails = counterOf(registry, {
      name: 'mails_total',
      help: 'Mails by what became of them',
      labelNames: ['kind', 'outcome'],
      known: MAIL_KINDS.flatMap((kind) => OUTCOMES.map((outcome) => ({ kind, outcome }))),
    });
  }

  /** `failed` is a try after which another comes. */
  count(kind: string, outcome: Outcome, mails = 1): void {
    this.#mails.inc({ kind, outcome }, mails);
  }

  follow(backlog: () => Promise<OutboxBacklog>): void {
    scrapedGauges(this.#registry, backlog, [
      { name: 'outbox_pending', help: 'Mails in the outbox', read: ({ waiting }) => waiting },
      {
        name: 'outbox_oldest_age_seconds',
        help: 'Age of the oldest mail in the outbox, 0 if there is none',
        label: 'mails',
        read: ({ oldestCodeAgeMs, oldestNoticeAgeMs }) => ({
          codes: oldestCodeAgeMs / 1000,
          notices: oldestNoticeAgeMs / 1000,
        }),
      },
    ]);
  }
}
