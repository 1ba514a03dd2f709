import nodemailer, { type NodemailerError, type SMTPPoolOptions } from 'nodemailer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';

import { type Mailer, type MailMessage, MailNotSent } from './mailer';
import { isPlainAddress, LINE_BREAK, parseSender, type Sender } from './sender';
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
    const connection = new SMTPConnection({
      ...this.#endpoint,
      socketTimeout: this.#checkMs,
      socketCloseTimeout: 0,
      maxResponseSize: 64 * 1024,
    });
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new MailNotSent('ETIMEDOUT', false)), this.#checkMs);
    });
    try {
      await Promise.race([admission(connection, this.#endpoint.auth), tooLate]);
      connection.quit();
    } catch (error) {
      connection.close();
      throw notSent(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#transport.close();
  }
}

/** Resolves once the server has greeted us and, where it asks for that, let us in. */
function admission(connection: SMTPConnection, auth: SmtpEndpoint['auth']): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null) => (error ? reject(error) : resolve());
    // Stays: an error without a listener would end the process.
    connection.on('error', reject);
    connection.once('end', () => reject(new MailNotSent('ECONNECTION', false)));
    connection.connect((error) => {
      if (error || auth === undefined || !connection.allowsAuth) settle(error);
      else connection.login(auth, settle);
    });
  });
}

function pooled(options: SMTPPoolOptions & { pool: true }) {
  return nodemailer.createTransport(options);
}

/** What went wrong, without any text that a server or library wrote. */
function notSent(error: unknown): MailNotSent {
  if (error instanceof MailNotSent) return error;
  const { code, responseCode, command, permanent } = error as NodemailerError;
  const reason = [code ?? 'EUNKNOWN', responseCode].filter((part) => part !== undefined).join(' ');
  // A refused login or sender is our fault and may be mended; a refused recipient or message stays refused.
  return new MailNotSent(reason, permanent === true && (command === 'RCPT TO' || command === 'DATA'));
}
