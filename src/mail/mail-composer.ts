import type { OtpPurpose } from '../stores/otp/otp-store';
import type { MailKind, OutboxMail } from '../stores/outbox/outbox-store';
import { CODE_MAIL_TTL } from '../stores/outbox/outbox-store';
import type { MailMessage } from './mailer';
import type { Recipient } from './recipients';
import { type MailTemplates, VERIFY_LINK_TTL } from './templates';

/** The part of the one-time codes that mails need. All methods throw `DependencyUnavailable`. */
export interface MailCodes {
  /** Makes digits and a token acceptable before their mail goes out. `expiresAt`: milliseconds since the epoch. */
  draw(request: {
    readonly account: string;
    readonly email: string;
    readonly purpose: OtpPurpose;
    readonly credentialVersion: number;
    readonly expiresAt: number;
  }): Promise<{ readonly id: string; readonly code: string; readonly token: string }>;
  activate(account: string, purpose: OtpPurpose, id: string): Promise<void>;
  discard(account: string, purpose: OtpPurpose, id: string): Promise<void>;
}

/** The part of the link tokens that mails need. `expiresAt`: milliseconds since the epoch. */
export interface MailLinks {
  issue(claims: {
    readonly purpose: 'verify_email';
    readonly userId: string;
    readonly credentialVersion: number;
    readonly expiresAt: number;
  }): string | Promise<string>;
}

export interface ComposedMail {
  readonly message: MailMessage;
  /** The mail server has it: the digits of older mails die. */
  accepted(): Promise<void>;
  /** It did not go out: what it carried dies. */
  refused(): Promise<void>;
}

const PURPOSES: Readonly<Partial<Record<MailKind, OtpPurpose>>> = {
  VERIFY_EMAIL: 'verify_email',
  LOGIN_CODE: 'login',
  RESET_CODE: 'reset_password',
};

const nothing = async (): Promise<void> => {};

/** What a row of the outbox becomes when it goes out; codes and links are made here and exist nowhere before. */
export class MailComposer {
  readonly #codes: MailCodes;
  readonly #links: MailLinks;
  readonly #templates: MailTemplates;
  readonly #baseUrl: string;

  constructor(options: {
    readonly codes: MailCodes;
    readonly links: MailLinks;
    readonly templates: MailTemplates;
    readonly baseUrl: string;
  }) {
    this.#codes = options.codes;
    this.#links = options.links;
    this.#templates = options.templates;
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
  }

  /** Throws `DependencyUnavailable` when no code can be staged. The recipient is one that may receive this mail. */
  async compose(mail: OutboxMail, recipient: Recipient): Promise<ComposedMail> {
    const { kind, createdAt } = mail;
    const { userId: account, email, credentialVersion } = recipient;
    const purpose = PURPOSES[kind];
    if (purpose === undefined) {
      const rendered = this.#templates.render({ kind, at: createdAt });
      return { message: { to: email, ...rendered }, accepted: nothing, refused: nothing };
    }
    const link = kind === 'VERIFY_EMAIL' ? { link: await this.#verifyLink(mail, recipient) } : {};
    const { id, code, token } = await this.#codes.draw({
      account,
      email,
      purpose,
      credentialVersion,
      expiresAt: createdAt + CODE_MAIL_TTL,
    });
    const rendered = this.#templates.render({ kind, at: createdAt, code, token, ...link });
    return {
      message: { to: email, ...rendered },
      accepted: () => this.#codes.activate(account, purpose, id),
      refused: () => this.#codes.discard(account, purpose, id),
    };
  }

  async #verifyLink(mail: OutboxMail, { userId, credentialVersion }: Recipient): Promise<string> {
    const token = await this.#links.issue({
      purpose: 'verify_email',
      userId,
      credentialVersion,
      expiresAt: mail.createdAt + VERIFY_LINK_TTL,
    });
    return `${this.#baseUrl}/verify-email?token=${encodeURIComponent(token)}`;
  }
}
