import type { Clock } from '../clock';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import type { MailKind, OutboxMail, OutboxStore } from '../stores/outbox/outbox-store';
import type { ComposedMail, MailComposer } from './mail-composer';
import { type Mailer, MailNotSent } from './mailer';
import { mayReceive, type Recipients } from './recipients';
import { retryDelay } from './retry-delay';

/** The lines that sending mails writes: ids, kinds and counts, never an address, a code or a token. */
export interface OutboxLog {
  warn(fields: object, message: string): void;
}

export interface OutboxEvents {
  onSent(kind: MailKind): void;
  /** A try that failed; another follows. */
  onFailed(kind: MailKind): void;
  /** These mails will never go out: refused for good, or expired. */
  onGivenUp(kind: MailKind, count: number): void;
}

export interface MailDeliveryOptions {
  readonly store: OutboxStore;
  readonly recipients: Recipients;
  readonly composer: Pick<MailComposer, 'compose'>;
  readonly mailer: Pick<Mailer, 'send'>;
  readonly clock: Clock;
  readonly log: OutboxLog;
  readonly events: OutboxEvents;
}

/** Sends one claimed mail, and decides what becomes of its row. */
export class MailDelivery {
  readonly #options: MailDeliveryOptions;

  constructor(options: MailDeliveryOptions) {
    this.#options = options;
  }

  /** Throws `DependencyUnavailable` when the row could not be written: it is due again when its lease ends. */
  async deliver(mail: OutboxMail): Promise<void> {
    const { store, recipients, composer, mailer, clock, events } = this.#options;
    if (clock.now() >= mail.expiresAt) return this.#giveUp(mail, 'expired');
    let composed: ComposedMail | undefined;
    try {
      const recipient = await recipients.find(mail);
      // Nobody, or no longer for them: silently, as for every unknown address.
      if (recipient === undefined || !mayReceive(mail, recipient)) return await store.complete(mail.id);
      composed = await composer.compose(mail, recipient);
      await mailer.send(composed.message);
    } catch (error) {
      await this.#attempt(mail, 'code not discarded', composed?.refused);
      return this.#failed(mail, error);
    }
    // Should this fail, the new code works all the same, beside the one before it.
    await this.#attempt(mail, 'code not activated', composed.accepted);
    events.onSent(mail.kind);
    await store.complete(mail.id);
  }

  async #failed(mail: OutboxMail, error: unknown): Promise<void> {
    const { store, clock, log, events } = this.#options;
    const { id: mailId, kind, attempts: attempt } = mail;
    const reason = reasonOf(error);
    if (error instanceof MailNotSent && error.permanent) return this.#giveUp(mail, reason);
    const dueAt = clock.now() + retryDelay(attempt);
    if (dueAt >= mail.expiresAt) return this.#giveUp(mail, reason);
    events.onFailed(kind);
    log.warn({ mailId, kind, attempt, reason }, 'mail not sent, trying again');
    await store.retry(mailId, dueAt);
  }

  async #giveUp({ id: mailId, kind, attempts: attempt }: OutboxMail, reason: string): Promise<void> {
    const { store, log, events } = this.#options;
    log.warn({ mailId, kind, attempt, reason }, 'mail given up');
    events.onGivenUp(kind, 1);
    await store.complete(mailId);
  }

  async #attempt(mail: OutboxMail, message: string, step: (() => Promise<void>) | undefined): Promise<void> {
    try {
      await step?.();
    } catch (error) {
      this.#options.log.warn({ mailId: mail.id, kind: mail.kind, reason: reasonOf(error) }, message);
    }
  }
}

/** A name or a code, never a message: those of a database or a library may quote what they were given. */
export function reasonOf(error: unknown): string {
  if (error instanceof MailNotSent) return error.reason;
  if (error instanceof DependencyUnavailable) return error.message;
  return error instanceof Error ? error.name : typeof error;
}
