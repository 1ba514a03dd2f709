export interface MailMessage {
  /** One plain ASCII address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Hands mails to a mail server. Every call ends within a bounded time. */
export interface Mailer {
  /** Resolves once the server has accepted the mail. Throws `MailNotSent`. */
  send(message: MailMessage): Promise<void>;
  /** Whether the server can be reached and lets us in. Throws `MailNotSent` if not. */
  check(): Promise<void>;
  /** Lets go of the connections; mails under way are finished first. */
  close(): Promise<void>;
}

/**
 * The server did not take the mail. Carries a reason made of codes alone: what a server says may repeat the recipient,
 * and what a client library says may repeat its settings.
 */
export class MailNotSent extends Error {
  override readonly name = 'MailNotSent';

  constructor(
    /** For logs, such as `EENVELOPE 550`. */
    readonly reason: string,
    /** This mail to this recipient will be refused again (RFC 5321, 4.2.1). */
    readonly permanent: boolean,
  ) {
    super(`mail not sent: ${reason}`);
  }
}
