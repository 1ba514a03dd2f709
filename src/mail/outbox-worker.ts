import fastq from 'fastq';

import type { OutboxMail } from '../stores/outbox/outbox-store';
import { MailDelivery, type MailDeliveryOptions, reasonOf } from './mail-delivery';
import { WakeableTimer } from './wakeable-timer';

export interface OutboxWorkerOptions extends MailDeliveryOptions {
  /** Mails sent at the same time; not more than the mailer has connections. */
  readonly concurrency?: number;
}

const BATCH = 20;
const POLL_MS = 1_000;
const SWEEP_MS = 30_000;
/** How long a claimed mail is ours, in milliseconds. */
const LEASE_MS = 60_000;
/** One mail takes less than this in milliseconds (mailer's deadline, stores' timeouts); begun later it could outlive its lease. */
const HANDLING_MS = 30_000;

interface Claimed {
  readonly mail: OutboxMail;
  readonly beginBefore: number;
}

/**
 * Sends what the outbox holds. Any number of processes may run one each. A mail is sent at least once: a crash between
 * the server's acceptance and the end of the row sends it again, with a new code, which then replaces the first.
 */
export class OutboxWorker {
  readonly #options: OutboxWorkerOptions;
  readonly #delivery: MailDelivery;
  readonly #queue: fastq.queueAsPromised<Claimed, void>;
  readonly #timer = new WakeableTimer();
  #loop: Promise<void> | undefined;
  #claiming: Promise<number> = Promise.resolve(0);
  #stopping = false;
  #sweepAt = 0;
  #storeFailed = false;

  constructor(options: OutboxWorkerOptions) {
    this.#options = options;
    this.#delivery = new MailDelivery(options);
    this.#queue = fastq.promise((claimed: Claimed) => this.#handle(claimed), options.concurrency ?? 4);
  }

  /** Begins to look for due mails, every second and at each `wake()`. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Something was enqueued in this process: look now. */
  wake(): void {
    this.#timer.wake();
  }

  /** Handles all that is due now; resolves to how many mails that were. Throws `DependencyUnavailable`. */
  async drain(): Promise<number> {
    let handled = 0;
    for (;;) {
      await this.#queue.drained();
      const claimed = await this.#claim();
      await this.#queue.drained();
      if (claimed === 0) return handled;
      handled += claimed;
    }
  }

  /** Begins no further mail, and resolves when those under way are through or `timeoutMs` have passed. */
  async stop(timeoutMs = 10_000): Promise<void> {
    this.#stopping = true;
    this.#timer.wake();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all([this.#loop, this.#queue.drained()]), tooLate]);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#claim();
        this.#storeFailed = false;
      } catch (error) {
        // Once per outage, not once a second.
        if (!this.#storeFailed) this.#options.log.warn({ reason: reasonOf(error) }, 'outbox cannot be read');
        this.#storeFailed = true;
      }
      await this.#timer.sleep(POLL_MS);
    }
  }

  /** One claim at a time, so that `BATCH` bounds what is held here, and a drain sees what the loop has taken. */
  #claim(): Promise<number> {
    const claimed = this.#claiming.then(() => this.#claimNow());
    this.#claiming = claimed.catch(() => 0);
    return claimed;
  }

  /** Takes as many due mails as there is room for in this process and begins to send them. */
  async #claimNow(): Promise<number> {
    const { store, clock } = this.#options;
    const now = clock.now();
    if (now >= this.#sweepAt) {
      this.#sweepAt = now + SWEEP_MS;
      for (const [kind, count] of await store.giveUpExpired()) this.#options.events.onGivenUp(kind, count);
    }
    const room = BATCH - this.#queue.length() - this.#queue.running();
    if (room <= 0 || this.#stopping) return 0;
    const mails = await store.claim(room, LEASE_MS);
    const beginBefore = now + LEASE_MS - HANDLING_MS;
    for (const mail of mails) {
      void this.#queue.push({ mail, beginBefore }).then(() => {
        if (mails.length === room && this.#queue.length() === 0) this.#timer.wake(); // there may be more
      });
    }
    return mails.length;
  }

  /** Never rejects. */
  async #handle({ mail, beginBefore }: Claimed): Promise<void> {
    const { store, clock, log } = this.#options;
    try {
      if (this.#stopping) {
        await store.retry(mail.id, clock.now()); // another process may have it at once
      } else if (clock.now() < beginBefore) {
        await this.#delivery.deliver(mail);
      } // else the lease is running out: the mail comes due again by itself
    } catch (error) {
      // The row stays as it is, and so is due again when the lease ends.
      log.warn({ mailId: mail.id, kind: mail.kind, reason: reasonOf(error) }, 'outbox cannot be written');
    }
  }
}
