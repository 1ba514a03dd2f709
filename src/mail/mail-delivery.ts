import type { Clock } from '../clock';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import type { MailKind, OutboxMail, OutboxStore } from '../stores/outbox/outbox-store';
import type { ComposedMail, MailComposer } from './mail-composer';
import { type Mailer, MailNotSent } from './mailer';
import { isBudgeted, type MailBudget, mayReceive, type Recipient, type Recipients } from './recipients';
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
  readonly budget: MailBudget;
  readonly composer: Pick<MailComposer, 'compose' | 'withhold'>;
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
    const { store, recipients, budget, composer, mailer, clock, events } = this.#options;
    if (clock.now() >= mail.expiresAt) return this.#giveUp(mail, 'expired');
    let giveBack: (() => Promise<void>) | undefined;
    let composed: ComposedMail | undefined;
    try {
      const recipient = await recipients.find(mail);
      // Nobody, or no longer for them: silently, as for every unknown address.
      if (recipient === undefined) return await store.complete(mail.id);
      if (!mayReceive(mail, recipient)) return await this.#drop(mail, recipient);
      // Charged for what goes out alone: what is dropped above must not use up the owner's share.
      if (isBudgeted(mail)) {
        giveBack = await budget.take(recipient.email, mail.kind);
        if (giveBack === undefined) return await this.#holdBack(mail, recipient);
      }
      composed = await composer.compose(mail, recipient);
      await mailer.send(composed.message);
    } catch (error) {
      await this.#attempt(mail, 'code not discarded', composed?.refused);
      return this.#failed(mail, error, giveBack);
    }
    // Should this fail, the new code works all the same, beside the one before it.
    await this.#attempt(mail, 'code not activated', composed.accepted);
    events.onSent(mail.kind);
    await store.complete(mail.id);
  }

  async #failed(
    mail: OutboxMail,
    error: unknown,
    giveBack: (() => Promise<void>) | undefined,
  ): Promise<void> {
    const { store, clock, log, events } = this.#options;
    const { id: mailId, kind, attempts: attempt } = mail;
    const reason = reasonOf(error);
    if (error instanceof MailNotSent && error.permanent) return this.#giveUp(mail, reason);
    const dueAt = clock.now() + retryDelay(attempt);
    if (dueAt >= mail.expiresAt) return this.#giveUp(mail, reason);
    events.onFailed(kind);
    log.warn({ mailId, kind, attempt, reason }, 'mail not sent, trying again');
    // The next try is charged anew, so that a mail counts once, and no claim that came to nothing is a free one.
    await this.#attempt(mail, 'budget not given back', giveBack);
    await store.retry(mailId, dueAt);
  }

  /** Nobody is told but the log: the answer to the request was the same. */
  async #holdBack(mail: OutboxMail, recipient: Recipient): Promise<void> {
    const { id: mailId, kind } = mail;
    this.#options.log.warn({ mailId, kind }, "mail held back, the recipient's budget is used up");
    await this.#drop(mail, recipient);
  }

  async #drop(mail: OutboxMail, recipient: Recipient): Promise<void> {
    const { store, composer } = this.#options;
    await composer.withhold(mail, recipient);
    await store.complete(mail.id);
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
