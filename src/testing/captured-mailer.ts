import type { Mailer, MailMessage } from '../mail/mailer';

/** A mailer whose mails stay here to be read. */
export class CapturedMailer implements Mailer {
  readonly sent: MailMessage[] = [];

  async send(message: MailMessage): Promise<void> {
    this.sent.push(message);
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  /** Mails to this address, the newest first. */
  to(email: string): readonly MailMessage[] {
    return this.sent.filter((message) => message.to === email).reverse();
  }
}

/** The six digits that stand alone on a line. */
export function codeIn(message: MailMessage | undefined): string {
  return required(/^(\d{6})$/m.exec(message?.text ?? '')?.[1], 'a code');
}

/** The token behind `otp-token:`. */
export function tokenIn(message: MailMessage | undefined): string {
  return required(/^otp-token: (\S+)$/m.exec(message?.text ?? '')?.[1], 'a token');
}

/** Path and query of the link of a verification mail, or of a notice that the e-mail is to change. */
export function linkIn(message: MailMessage | undefined): string {
  const link = /https?:\/\/\S+\/(?:verify-email|undo-email-change)\?\S+/.exec(message?.text ?? '')?.[0];
  const url = new URL(required(link, 'a link'));
  return url.pathname + url.search;
}

function required(found: string | undefined, what: string): string {
  if (found === undefined) throw new Error(`the mail holds no ${what}`);
  return found;
}
