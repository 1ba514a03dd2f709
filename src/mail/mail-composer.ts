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
    readonly purpose: 'verify_email' | 'undo_email_change';
    readonly subjectId: string;
    readonly version: number;
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
  EMAIL_CHANGE_CODE: 'change_email',
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
    const { email } = recipient;
    const purpose = PURPOSES[kind];
    const link = await this.#link(mail, recipient);
    const content = { kind, at: createdAt, ...(link !== undefined && { link }) };
    if (purpose === undefined) {
      const rendered = this.#templates.render(content);
      return { message: { to: email, ...rendered }, accepted: nothing, refused: nothing };
    }
    const { id, code, token } = await this.#draw(purpose, mail, recipient);
    const rendered = this.#templates.render({ ...content, code, token });
    return {
      message: { to: email, ...rendered },
      accepted: () => this.#codes.activate(recipient.userId, purpose, id),
      refused: () => this.#codes.discard(recipient.userId, purpose, id),
    };
  }

  /**
   * The mail is not to go out. For a new address a code is drawn all the same, which nobody gets: wrong ones are counted
   * against the account of whoever asked, and would tell by the count whether the address is somebody's. Throws
   * `DependencyUnavailable`.
   */
  async withhold(mail: OutboxMail, recipient: Recipient): Promise<void> {
    if (mail.kind !== 'EMAIL_CHANGE_CODE') return;
    const { id } = await this.#draw('change_email', mail, recipient);
    await this.#codes.activate(recipient.userId, 'change_email', id);
  }

  #draw(purpose: OtpPurpose, { createdAt }: OutboxMail, { userId, email, credentialVersion }: Recipient) {
    const expiresAt = createdAt + CODE_MAIL_TTL;
    return this.#codes.draw({ account: userId, email, purpose, credentialVersion, expiresAt });
  }

  async #link(mail: OutboxMail, recipient: Recipient): Promise<string | undefined> {
    if (mail.kind === 'VERIFY_EMAIL') {
      const { userId: subjectId, credentialVersion: version } = recipient;
      const expiresAt = mail.createdAt + VERIFY_LINK_TTL;
      return this.#linkTo('verify-email', { purpose: 'verify_email', subjectId, version, expiresAt });
    }
    const { emailChangeId: subjectId } = mail;
    const { undoUntil: expiresAt } = recipient;
    if (mail.kind !== 'EMAIL_CHANGE_NOTICE' || subjectId === null || expiresAt === undefined)
      return undefined;
    const claims = { purpose: 'undo_email_change', subjectId, version: 0, expiresAt } as const;
    return this.#linkTo('undo-email-change', claims);
  }

  async #linkTo(page: string, claims: Parameters<MailLinks['issue']>[0]): Promise<string> {
    return `${this.#baseUrl}/${page}?token=${encodeURIComponent(await this.#links.issue(claims))}`;
  }
}
