import nodemailer, { type SMTPPoolOptions } from 'nodemailer';

import { type Mailer, type MailMessage, MailNotSent } from './mailer';
import { notSent } from './not-sent';
import { isPlainAddress, LINE_BREAK, parseSender, type Sender } from './sender';
import { enterSmtp } from './smtp-admission';
import { parseSmtpUrl, type SmtpEndpoint } from './smtp-url';

export interface SmtpMailerOptions {
  /** `SMTP_URL`: see `parseSmtpUrl`. */
  readonly url: string;
  /** `MAIL_FROM`: `address` or `Name <address>`. */
  readonly from: string;
  readonly maxConnections?: number;
  /** Milliseconds for each wait: to connect, for the greeting, for the next byte. At most 10,000. */
  readonly timeoutMs?: number;
  /** Milliseconds for one mail from end to end, waiting for a connection included. */
  readonly deadlineMs?: number;
}

const MAX_TIMEOUT = 10_000;
/** A look at the server is part of a health check that somebody waits for. */
const CHECK_MS = 2_000;

/** Sends over SMTP with a bounded pool of connections; TLS as the URL says. */
export class SmtpMailer implements Mailer {
  readonly #transport: ReturnType<typeof pooled>;
  readonly #endpoint: SmtpEndpoint;
  readonly #from: Sender;
  readonly #checkMs: number;
  readonly #deadlineMs: number;

  /** Throws an Error if `url` or `from` cannot be used; it repeats neither. */
  constructor({
    url,
    from,
    maxConnections = 4,
    timeoutMs = MAX_TIMEOUT,
    deadlineMs = 20_000,
  }: SmtpMailerOptions) {
    const timeout = Math.min(timeoutMs, MAX_TIMEOUT);
    this.#from = parseSender(from);
    this.#checkMs = Math.min(timeout, CHECK_MS);
    this.#deadlineMs = deadlineMs;
    this.#endpoint = parseSmtpUrl(url);
    this.#transport = pooled({
      ...this.#endpoint,
      pool: true,
      maxConnections,
      maxMessages: 100,
      maxRequeues: 1,
      idleTimeout: 30_000,
      connectionTimeout: timeout,
      greetingTimeout: timeout,
      socketTimeout: timeout,
      dnsTimeout: timeout,
      socketCloseTimeout: 1_000,
      maxResponseSize: 64 * 1024,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send({ to, subject, text, html }: MailMessage): Promise<void> {
    if (!isPlainAddress(to)) throw new MailNotSent('EADDRESS', true);
    if (LINE_BREAK.test(subject)) throw new MailNotSent('ESUBJECT', true);
    try {
      await this.#transport.sendMail({
        // As objects, and with an envelope of its own: nothing here is parsed as a list of addresses.
        envelope: { from: this.#from.address, to: [to] },
        from: this.#from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        // RFC 3834: no vacation notice answers this.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        signal: AbortSignal.timeout(this.#deadlineMs),
      });
    } catch (error) {
      throw notSent(error);
    }
  }

  /** Over a connection of its own, which is gone when this ends: one of the pool's would outlive a silent server's check. */
  async check(): Promise<void> {
    await enterSmtp(this.#endpoint, this.#checkMs);
  }

  async close(): Promise<void> {
    this.#transport.close();
  }
}

function pooled(options: SMTPPoolOptions & { pool: true }) {
  return nodemailer.createTransport(options);
}
