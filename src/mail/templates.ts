import { join } from 'node:path';

import { Eta } from 'eta';

import { UNDO_LIFETIME_MS } from '../stores/email-change/email-change-store';
import { CODE_MAIL_TTL, type MailKind } from '../stores/outbox/outbox-store';

/** A link in a verification mail works this long, in milliseconds. */
export const VERIFY_LINK_TTL = 24 * 60 * 60_000;

/**
 * All that a mail can say. No name of a user is among it, and no address that is asked for in place of another: whoever
 * registers somebody else's address, or knows somebody's password, chooses them, and nothing that a stranger wrote is to
 * reach that mailbox under our sender.
 */
export interface MailContent {
  readonly kind: MailKind;
  /** When it was asked for or happened, in milliseconds since the epoch. */
  readonly at: number;
  readonly code?: string;
  readonly token?: string;
  readonly link?: string;
}

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const KINDS: Readonly<Record<MailKind, { readonly template: string; readonly subject: string }>> = {
  VERIFY_EMAIL: { template: 'verify-email', subject: 'Confirm your e-mail address for' },
  LOGIN_CODE: { template: 'login-code', subject: 'Your sign-in code for' },
  RESET_CODE: { template: 'reset-code', subject: 'Your code for a new password at' },
  ALREADY_REGISTERED: { template: 'already-registered', subject: 'You already have an account at' },
  PASSWORD_CHANGED: { template: 'password-changed', subject: 'Your password was changed at' },
  TOKEN_REUSED: { template: 'token-reused', subject: 'A session was ended for safety at' },
  EMAIL_CHANGE_CODE: { template: 'email-change-code', subject: 'Confirm your new e-mail address for' },
  EMAIL_CHANGE_NOTICE: { template: 'email-change-notice', subject: 'Your e-mail address is to change at' },
  EMAIL_CHANGE_UNDONE: { template: 'email-change-undone', subject: 'A change of e-mail was undone at' },
};

const HAPPENED = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

/** The words of every mail: a text and an HTML part each, from the files in `templates/`. */
export class MailTemplates {
  readonly #host: string;
  readonly #html: Eta;
  readonly #text: Eta;

  /** `baseUrl`: the service's own, whose host the mails name. */
  constructor({ baseUrl }: { readonly baseUrl: string }) {
    this.#host = new URL(baseUrl).host;
    const views = join(__dirname, 'templates');
    this.#html = new Eta({ views, cache: true, autoEscape: true });
    // Left alone, Eta drops a line break behind every tag, and with it the line that a code stands alone on.
    this.#text = new Eta({ views, cache: true, autoEscape: false, autoTrim: false });
  }

  render({ kind, at, code, token, link }: MailContent): RenderedMail {
    const { template, subject } = KINDS[kind];
    const data = {
      subject: `${subject} ${this.#host}`,
      host: this.#host,
      at: `${HAPPENED.format(at)} UTC`,
      minutes: CODE_MAIL_TTL / 60_000,
      hours: VERIFY_LINK_TTL / 3_600_000,
      undoHours: UNDO_LIFETIME_MS / 3_600_000,
      code,
      token,
      link,
    };
    return {
      subject: data.subject,
      text: paragraphs(this.#text.render(`${template}.text.eta`, data)),
      html: this.#html.render(`${template}.html.eta`, data),
    };
  }
}

/** One blank line between paragraphs, however the parts of a template met. */
function paragraphs(text: string): string {
  return `${text.trim().replaceAll(/\n{3,}/g, '\n\n')}\n`;
}
